/**
 * Drills whose faults AWS FIS makes, whole: against a stand-in for FIS whose experiments hurt the fake platform, so that workload,
 * verdict and report are the real ones. FIS's own word counts for nothing, and nothing is left running.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { AwsExperiments } from '../../cli/aws/aws-experiments.ts';
import { aimOf, FIS_DRILL_NAMES, fisExperiment } from '../../cli/aws/fis-drills.ts';
import { FisEffects } from '../../cli/aws/fis-effects.ts';
import { type FaultExperiments, faultExperiments } from '../../control/aws/fault-experiments.ts';
import { systemClock } from '../../core/clock.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import type { DrillOptions } from '../../drills/drill-options.ts';
import { runExperiment } from '../../drills/runner.ts';
import { FakeFis } from '../aws/fake-fis.ts';
import { FaultyTable } from '../doubles/faulty-table.ts';
import type { FakeFlaws } from '../drills/fake-flaws.ts';
import { FakePlatform } from '../drills/fake-platform.ts';

jest.setTimeout(120_000);
const EAST = 'us-east-1';
const topology = defaultTopology({ cells: 2 });
const keys = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' });
/** What the stand-in adds to the answers of a slow service, and half of it: what shows that it is slow. */
const [DELAY_MS, SLOW_FROM_MS] = [400, 200];

/** Clients that a busy machine does not take for anything else. */
const PATIENT: Partial<DrillOptions> = {
  fineProbe: { intervalMs: 100, deadlineMs: 2_000, openMax: 8 },
  coarseProbe: { intervalMs: 100, deadlineMs: 5_000, openMax: 8 },
  shopperRate: 10,
  holdMs: 500,
  detectWithinMs: 20_000,
  experimentBitesWithinMs: 10_000,
};

let fis: FakeFis;
let url = '';
let dir = '';
let door: Server;
let fake: FakePlatform;
/** Hosts by what ails them. */
const ill = new Map<string, 'slow' | 'dead'>();
const keepersFail = new Set<string>();

beforeEach(async () => {
  fis = new FakeFis(FIS_DRILL_NAMES);
  url = await fis.start();
  dir = await mkdtemp(join(tmpdir(), 'holdfast-fis-'));
  door = createServer((request, response) => {
    const host = decodeURIComponent(request.url?.split('/')[1] ?? '');
    const state = ill.get(host);
    if (state === 'dead') return void response.writeHead(502).end('{}');
    const answer = () => response.writeHead(200, { 'x-cell': 'c01' }).end('[]');
    if (state === 'slow') setTimeout(answer, DELAY_MS);
    else answer();
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  ill.clear();
  keepersFail.clear();
  await fake?.stop();
  await fis.stop();
  door.closeAllConnections();
  door.close();
  await rm(dir, { recursive: true, force: true });
});

const of = (region: string): FaultExperiments => faultExperiments({ region, keys, clock: systemClock, url });
const arbiter = new FaultyTable(new MemoryTable());
const store = new FaultyTable(new MemoryTable());

function experiments(): AwsExperiments {
  const effects = new FisEffects({
    aimOf: (one) => aimOf(topology, one),
    urlOf: (cell, region) => `http://127.0.0.1:${(door.address() as AddressInfo).port}/${cell}@${region}`,
    functions: () => ({
      invoke: async (name) => ({ body: null, functionError: keepersFail.has(name) ? 'Unhandled' : null }),
    }),
    arbiter: () => arbiter,
    store: () => store,
    clock: systemClock,
    slowFromMs: SLOW_FROM_MS,
  });
  const effect = (one: { readonly name: string; readonly region: string }) => effects.seen(one);
  return new AwsExperiments({ experiments: of, regions: topology.regions, clock: systemClock, effect });
}

/** FIS hurts the services of c01 in the region, as seen by clients and past the routers. */
function hurting(how: 'slow' | 'dead'): void {
  const host = (region: string) => `c01@${region}`;
  fis.onBegin = async ({ region }) => {
    ill.set(host(region), how);
    if (how === 'dead') await fake.processes.get(host(region))?.crash();
    else fake.processes.get(host(region))?.throttle(0.5);
  };
  fis.onEnd = async ({ region }) => {
    ill.delete(host(region));
    if (how === 'dead') await fake.processes.get(host(region))?.start();
    else fake.processes.get(host(region))?.throttle(1);
  };
}

async function drilled(name: string, flaws: FakeFlaws = {}) {
  fake = new FakePlatform(flaws);
  await fake.start();
  const experiment = fisExperiment(name, topology);
  if (!experiment) throw new Error(`no drill ${name}`);
  return runExperiment(experiment, {
    ...{ name, seed: 1, reportDir: join(dir, 'report'), clock: systemClock, onProgress: () => undefined },
    platform: { ...fake.port, experiments: experiments() },
    ...{ failover: fake.failover, automation: fake.automation, tokens: fake.tokens },
    options: PATIENT,
  });
}

describe('a drill that AWS FIS makes the fault of', () => {
  it('slow-cell passes when the cell answers late and stays where it is; the experiment is stopped', async () => {
    hurting('slow');
    const report = await drilled('slow-cell');
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.faults).toMatchObject([
      {
        kind: 'experiment',
        targets: ['slow-cell@us-east-1'],
        evidence: expect.stringMatching(/c01@us-east-1 answers after \d+ ms/),
      },
    ]);
    expect(fis.experiments.map(({ name, region, status }) => [name, region, status])).toEqual([
      ['slow-cell', EAST, 'stopped'],
    ]);
  });

  it('slow-cell fails when the cell is moved because it is slow', async () => {
    hurting('slow');
    const onBegin = fis.onBegin;
    fis.onBegin = async (experiment) => {
      await onBegin(experiment);
      await fake.port.throttle('c01@us-east-1', 0.5);
    };
    const report = await drilled('slow-cell', { movesTheSlow: true });
    expect([report.verdict, report.reasons.join()]).toEqual([
      'fail',
      expect.stringMatching(/c01 moved from us-east-1/),
    ]);
  });

  it('dead-cell passes when an operator moves the cell and nothing is lost', async () => {
    hurting('dead');
    const report = await drilled('dead-cell');
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.failovers).toMatchObject([{ cell: 'c01', kind: 'failover', outcome: 'done' }]);
    expect(report.faults[0]?.evidence).toBe('c01@us-east-1 answers 502 and did not run');
  });

  it('silent-keepers passes when nobody notices', async () => {
    fis.onBegin = () => {
      for (const cell of ['c01', 'c02']) keepersFail.add(`holdfast-${cell}-keeper:live`);
    };
    fis.onEnd = () => keepersFail.clear();
    const report = await drilled('silent-keepers');
    expect([report.verdict, report.reasons]).toEqual(['pass', []]);
    expect(report.faults[0]?.evidence).toContain('the keeper of c01@us-east-1 fails when it is rung');
  });

  it('is unknown when FIS says that it runs and nothing shows it', async () => {
    const report = await drilled('arbiter-cut-off');
    expect(report.verdict).toBe('unknown');
    expect(report.reasons.join()).toMatch(/nothing shows it from outside/);
    expect(fis.experiments[0]?.status).toBe('stopped');
  });

  it('is unknown, with FIS’s reason, when the experiment fails at its start', async () => {
    fis.failsWith = 'Target resolution returned empty set';
    const report = await drilled('dead-cell');
    expect(report.verdict).toBe('unknown');
    expect(report.reasons.join()).toMatch(/does not run: AWS FIS says failed \(Target resolution returned empty set\)/);
  });
});
