/** A command line without a machine: arguments in; exit code, stdout and stderr out; every service a double. */

import { runCli } from '../../cli/run-cli.ts';
import type { CliServices, DrillOutcome, HttpAnswer } from '../../cli/services.ts';
import { terminalOn } from '../../cli/terminal.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { PlatformError } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import type { DrillReport } from '../../drills/report/drill-report.ts';
import type { PlatformControl, PlatformView, ProcessView } from '../../local/platform-control.ts';
import config from '../../platform.config.ts';

export interface CliRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FakeTerminal {
  readonly tty?: boolean;
  readonly debug?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export async function cli(line: string, services: CliServices, terminal: FakeTerminal = {}): Promise<CliRun> {
  const written = { out: '', err: '' };
  const stream = (to: 'out' | 'err') => ({
    isTTY: terminal.tty === true,
    write: (text: string) => {
      written[to] += text;
    },
  });
  const exitCode = await runCli(line.split(' ').filter(Boolean), {
    terminal: terminalOn({ stdout: stream('out'), stderr: stream('err'), env: terminal.env ?? {} }),
    services,
    version: '1.2.3',
    debug: terminal.debug === true,
  });
  return { exitCode, stdout: written.out, stderr: written.err };
}

export function jsonOf(run: CliRun): unknown {
  const lines = run.stdout.trimEnd().split('\n');
  if (lines.length !== 1) throw new Error(`--json must print one line, not ${lines.length}`);
  return JSON.parse(lines[0] ?? '');
}

const unexpected = (what: string) => async (): Promise<never> => {
  throw new Error(`the command was not expected to use ${what}`);
};

export function fakeServices(change: Partial<CliServices> = {}): CliServices {
  return {
    clock: new FakeClock(),
    stateDir: '/nowhere',
    topology: async () => config,
    attach: async () => {
      throw new PlatformError({
        code: 'PLATFORM_NOT_RUNNING',
        kind: 'caller',
        effect: 'none',
        message: 'No platform is running here. Start one with "npm start".',
      });
    },
    start: unexpected('start'),
    issueToken: async ({ tenant, ttlSeconds }) => `token-of-${tenant}-for-${ttlSeconds}`,
    getJson: unexpected('getJson'),
    failover: unexpected('failover'),
    automation: unexpected('automation'),
    documents: unexpected('documents'),
    rollouts: unexpected('staged changes'),
    quarantine: unexpected('quarantine'),
    timeline: unexpected('timeline'),
    recovery: unexpected('recovery'),
    cloud: unexpected('cloud'),
    examineMachine: unexpected('examineMachine'),
    aws: unexpected('aws'),
    releases: unexpected('releases'),
    drills: unexpected('drills'),
    benches: async () => [],
    ...change,
  };
}

export const SECRET = 'internal-secret';

export function fakeView(change: Partial<PlatformView> = {}): PlatformView {
  const processes: ProcessView[] = config.cells.flatMap(({ id: cell, home, standby }, index) =>
    [home, standby].map((region, at) => ({
      ...{ name: `${cell}@${region}`, kind: 'cell' as const, cell, region, pid: 100 + index, state: 'ready' as const },
      ...{ port: 1, url: `http://${cell}.${region}:${at}`, restarts: 0 },
    })),
  );
  return {
    pid: 1,
    startedAtMs: 1_700_000_000_000,
    engine: 'dynoxide',
    versions: { holdfast: '0.1.0' },
    topology: config,
    keepers: 'fast',
    routers: { 'us-east-1': 'http://router.east', 'us-west-2': 'http://router.west' } as PlatformView['routers'],
    processes,
    links: [],
    payments: 'http://payments',
    dataDir: '/data',
    internalSecret: SECRET,
    ...change,
  };
}

export function fakeControl(view: PlatformView): PlatformControl {
  return {
    view: async () => view,
    act: unexpected('act'),
    throttle: unexpected('throttle'),
    replace: unexpected('replace'),
    settleRelease: unexpected('settleRelease'),
    setFault: unexpected('setFault'),
    heal: unexpected('heal'),
  };
}

/** Routers and cells as they answer when all is well: every cell is active at home with epoch 7. */
export async function healthyAnswers(url: string): Promise<HttpAnswer> {
  const { hostname, pathname, searchParams } = new URL(url);
  const [host = '', region = ''] = hostname.split('.');
  if (pathname === '/_holdfast/explain') return { status: 200, body: explanation(searchParams.get('tenant') ?? '') };
  if (host === 'router') return { status: 200, body: routerStatus() };
  return { status: 200, body: cellStatus(host, region) };
}

function routerStatus() {
  const ownership = config.cells.map(({ id, home }) => ({ cell: id, region: home, epoch: 7 }));
  return { map: { version: 3, ageMs: 40, source: 'control', stale: false }, ownership };
}

function cellStatus(cell: string, region: string) {
  const active = config.cells.find(({ id }) => id === cell)?.home === region;
  return {
    standing: { state: active ? 'active' : 'standby', epoch: 7 },
    lease: { validForMs: active ? 2_500 : 0 },
    replication: { lagMs: 12, peer: 'ok' },
    quarantine: { count: 0, more: false },
  };
}

function explanation(tenant: string) {
  const map = { version: 3, ageMs: 40, stale: false };
  const route = { cell: 'c02', region: 'us-west-2', alternative: 'us-east-1' };
  return { tenant, bucket: 4_711, by: 'bucket', ...route, epoch: 7, regionBy: 'ownership', map };
}

export function fakeReport(change: Partial<DrillReport> = {}): DrillOutcome {
  const report = {
    ...{ drill: 'region-lost', seed: 7, verdict: 'pass', headline: 'c01 was away for 3.2 s; nothing was lost.' },
    ...{ rtoMs: 3_200, writesAwayMs: 3_100, rpo: { lost: 0, ageMs: 0 }, acknowledged: 900, failed: 3, unknown: 1 },
    ...{ staleAccepted: 0, staleAcknowledged: 0, fenceRefused: 4, quarantined: 0, reasons: [], versions: {} },
    blastRadius: { tenants: 12, tenantsHit: 4, share: 1 / 3, cellsHit: ['c01'], byTenant: [] },
    steadyState: { before: { held: true, detail: '' }, during: null, after: { held: true, detail: '' } },
    replay: 'npm run drill -- region-lost --seed 7',
    ...change,
  };
  return { report: report as unknown as DrillReport, dir: '/reports/1' };
}

export function fakeRecord(change: Partial<FailoverRecord> = {}): FailoverRecord {
  const record = {
    ...{ id: 'f1', version: 6, state: 'done', step: 'done', stepDeadlineMs: 15_000, fenced: true, newEpoch: 8 },
    decision: {
      ...{ kind: 'failover', cell: 'c01', from: 'us-east-1', to: 'us-west-2', seenEpoch: 7, decidedBy: 'ops' },
      ...{ reason: 'fire', decidedAtMs: 1, objections: [] },
      evidence: {
        scope: { answered: 3, asked: 3, reading: 'none' },
        receiver: { activeCells: 1, writesPerSecondMax: 100, withThisCell: 200 },
        replication: { pendingInJournal: 2, morePending: false },
        ...{ repair: 'no', oldStoreReachable: true, newStoreReachable: true, receiverUnshipped: 0, quarantined: 0 },
      },
      expected: { path: 'fenced', awayMsMax: 500, loss: 'none' },
    },
    drained: { shipped: 2, complete: true },
    log: [
      { step: 'fence', atMs: 1, tookMs: 12, outcome: 'fenced' },
      { step: 'open', atMs: 2, tookMs: 80, outcome: 'opened' },
    ],
    ...change,
  };
  return record as unknown as FailoverRecord;
}

/** As `fakeServices`, with a platform that runs and answers. */
export function runningServices(change: Partial<CliServices> = {}, view = fakeView()): CliServices {
  return fakeServices({ attach: async () => fakeControl(view), getJson: healthyAnswers, ...change });
}
