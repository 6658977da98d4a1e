/** `holdfast deploy …` in stages: what a person and a script get, over an arbiter in memory and an executor that does at once what it is told. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import type { OperatorPorts } from '../../cli/operator-ports.ts';
import { RolloutOperator } from '../../cli/rollout/rollout-operator.ts';
import type { CliServices } from '../../cli/services.ts';
import { tableMarkStore } from '../../control/adapters/table-mark-store.ts';
import { drillsGate, freezeGate } from '../../control/rollout/gates/marks-gates.ts';
import type { Gate, RolloutExecutor, StepResult } from '../../control/rollout/rollout-executor.ts';
import { systemClock as clock } from '../../core/clock.ts';
import { systemRng } from '../../core/rng.ts';
import type { TimelineEntry } from '../../core/timeline/timeline.ts';
import config from '../../platform.config.ts';
import { cli, fakeServices, jsonOf } from './fake-cli.ts';

let arbiter: MemoryTable;
let failovers: 'open' | 'closed';
/** What becomes of the last step of c02. */
let bad: StepResult['outcome'];
let undo: StepResult['outcome'];
let services: CliServices;
let taken: string[];
let told: TimelineEntry[];
/** Whether the timeline can be written. */
let written: boolean;

beforeEach(() => {
  arbiter = new MemoryTable();
  failovers = 'open';
  bad = 'done';
  undo = 'done';
  taken = [];
  const answer = async (what: string, outcome: StepResult['outcome'] = 'done'): Promise<StepResult> => {
    taken.push(what);
    return { outcome, note: what };
  };
  const executor: RolloutExecutor = {
    ...{ steps: ['standby', 'home'], callMsMax: 1_000 },
    take: ({ cell, step }) => answer(`${step} ${cell}`, step === 'home' && cell === 'c02' ? bad : 'done'),
    undo: (cell) => answer(`undo ${cell}`, undo),
    settle: () => answer('settle'),
    withdraw: () => answer('withdraw'),
  };
  const marks = { marks: tableMarkStore({ arbiter, clock }), clock };
  const moving: Gate = {
    ...{ name: 'failovers', midCell: false },
    look: async () => ({ gate: 'failovers', state: failovers, detail: 'c01 moves to us-west-2' }),
  };
  told = [];
  written = true;
  const tell = async (entry: TimelineEntry) => written && told.push(entry) > 0;
  const timeline = { append: async (entry: TimelineEntry) => void (await tell(entry)), tell };
  const site = {
    ...{
      topology: config,
      ports: { arbiter, timeline } as unknown as OperatorPorts,
      machine: { clock, rng: systemRng },
    },
    meansFor: async () => ({ executor, gates: [moving, freezeGate(marks), drillsGate(marks)] }),
    releaseOf: async (named: string | null) => named ?? 'synthesised',
    close: () => undefined,
  };
  services = fakeServices({
    attach: async () =>
      ({ view: async () => ({ topology: config }) }) as unknown as Awaited<ReturnType<CliServices['attach']>>,
    rollouts: async () => new RolloutOperator(site),
  });
});

const deploy = (line: string) => cli(`deploy ${line}`, services);

describe('holdfast deploy, in stages', () => {
  it('plans without changing anything', async () => {
    const planned = await deploy('plan --release r2');
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('It would begin.') });
    expect(planned.stdout).toMatch(/wave 1 +c01/);
    expect(taken).toEqual([]);
    expect(jsonOf(await deploy('status --json'))).toEqual({ rollouts: [], freeze: null, drill: null });
  });

  it('brings a release to every wave, says each step on stderr, and exits 0', async () => {
    const run = await deploy('run --release r2 --bake 1s --why prices');
    expect(run).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Done: Rollout 1 of r2 reached c01, c02, c03/),
    });
    expect(run.stderr).toContain('standby c01: standby c01');
    expect(run.stderr).toContain('bake of wave 3: every gate is open');
    expect(jsonOf(await deploy('status --json'))).toMatchObject({
      rollouts: [{ number: 1, what: 'r2', state: 'done', why: 'prices' }],
    });
  });

  it('says why it went back, and exits 1', async () => {
    bad = 'failed';
    const run = await deploy('run --release r2 --bake 1s');
    expect(run).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^Rolled back: .*Because: home c02/) });
    expect(taken.slice(-3)).toEqual(['undo c02', 'undo c01', 'withdraw']);
  });

  it('exits 3 when it could not be taken back, keeps others out, and goes on when told to', async () => {
    [bad, undo] = ['failed', 'failed'];
    const run = await deploy('run --release r2 --bake 1s');
    expect(run).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('holdfast deploy resume') });
    expect(await deploy('run --release r3')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Rollout 1 (r2'),
    });
    undo = 'done';
    expect(await deploy('resume')).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('Rolled back') });
  });

  it('is refused during a failover, which nothing forces', async () => {
    failovers = 'closed';
    const refused = await deploy('run --release r2');
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/failovers is closed \(c01 moves to us-west-2\).*Nothing was changed/),
    });
    expect(await deploy('plan --release r2')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('It would be refused'),
    });
    const forced = await deploy('run --release r2 --force failovers --why hurry');
    expect(forced).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("can't be forced. Allowed: freeze, drills, error-budget"),
    });
    expect(taken).toEqual([]);
  });

  it('is refused while changes are frozen, and forced with a reason, which stands in the record', async () => {
    expect(await deploy('freeze on')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--why') });
    expect(await deploy('freeze on --why sale --for 2h')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('sale'),
    });
    expect(await deploy('run --release r2')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('freeze is closed'),
    });
    expect(await deploy('run --release r2 --force freeze')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--why'),
    });
    expect(await deploy('run --release r2 --bake 1s --force freeze --why repair')).toMatchObject({ exitCode: 0 });
    expect(jsonOf(await deploy('status --json'))).toMatchObject({
      freeze: { why: 'sale' },
      rollouts: [{ forced: ['freeze'], why: 'repair' }],
    });
    await deploy('freeze off');
    expect(await deploy('status')).toMatchObject({ stdout: expect.not.stringContaining('frozen') });
    const freezes = told.filter(({ kind }) => kind === 'freeze').map(({ what, why }) => [what, why]);
    expect(freezes).toEqual([
      [expect.stringMatching(/^changes are frozen until 20/), 'sale'],
      ['changes are not frozen any more', null],
    ]);
  });

  it('freezes though the timeline can not be written, and says so', async () => {
    written = false;
    const run = await deploy('freeze on --why sale');
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('The timeline could not be written') });
    expect(jsonOf(await deploy('status --json'))).toMatchObject({ freeze: { why: 'sale' } });
  });

  it('has nothing to resume or to abort when none is under way', async () => {
    expect(await deploy('resume')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('No rollout is under way'),
    });
    expect(await deploy('abort --why x')).toMatchObject({ exitCode: 1 });
  });

  it('names the command that was meant, and that stacks are for an account', async () => {
    expect(await deploy('plna')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Did you mean plan?') });
    expect(await deploy('')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--target aws') });
  });
});
