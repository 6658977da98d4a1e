/** A release on stacks: the rollout machine, its executor and the scripted CloudFormation of these tests, on a fake clock. */
import { describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../../cell/table/memory-table.ts';
import { tableReleaseNotes } from '../../../control/adapters/table-release-notes.ts';
import { tableRolloutRecords } from '../../../control/adapters/table-rollout-records.ts';
import { tableTokenFence } from '../../../control/adapters/table-token-fence.ts';
import { deployStep } from '../../../control/deploy/run-deploy.ts';
import { stackReleasePorts } from '../../../control/deploy/stack-release-ports.ts';
import { ReleaseExecutor } from '../../../control/rollout/release/release-executor.ts';
import { RolloutMachine } from '../../../control/rollout/rollout-machine.ts';
import type { RolloutRecord } from '../../../control/rollout/rollout-record.ts';
import { cellStackName } from '../../../core/aws-names.ts';
import { FakeClock } from '../../../core/fake-clock.ts';
import type { CellId, RegionName } from '../../../core/ids.ts';
import config from '../../../platform.config.ts';
import { inState, lost, ScriptedStacks, verdict } from './scripted-stacks.ts';

const DEAF = {
  onStep: () => undefined,
  onProgress: () => undefined,
  onNote: () => undefined,
  onOutcome: () => undefined,
};
const BOUNDS = { callMsMax: 3_600_000, moveMsMax: 60_000 };
const LIMIT = { withinMs: 3_600_000, signal: new AbortController().signal, token: 5 };

/** Every cell stands with r0 in both regions, at home. */
function world() {
  const clock = new FakeClock();
  const arbiter = new MemoryTable();
  const stacks = new ScriptedStacks();
  const log: string[] = [];
  const owners = new Map<CellId, RegionName>();
  for (const { id, home, standby } of config.cells) {
    owners.set(id, home);
    for (const region of [home, standby]) stacks.set(cellStackName(id, region), inState('UPDATE_ROLLBACK_COMPLETE'));
  }
  const ports = stackReleasePorts({
    ...{ topology: config, clock, stacks, fence: tableTokenFence({ arbiter, clock }) },
    notes: tableReleaseNotes({ arbiter, clock }),
    deploy: async (release, step) => {
      log.push(`${release} to ${step.cell} in ${step.region}, held by ${owners.get(step.cell)}`);
      const outcome = await deployStep(step, { steps: [step], stacks, clock, ears: DEAF });
      const { result } = outcome;
      if (result === 'created' || result === 'updated')
        stacks.set(step.stack, inState('UPDATE_ROLLBACK_COMPLETE', { release }));
      return outcome;
    },
    holder: async (cell) => owners.get(cell) ?? null,
    keepsUp: async () => true,
    exercise: async () => ({ served: 100, failed: 0, firstFailure: null }),
    move: async ({ cell, region }) => {
      log.push(`${cell} moves to ${region}`);
      owners.set(cell, region);
      return { outcome: 'done', note: 'moved' };
    },
  });
  const executor = new ReleaseExecutor({ release: 'r1', ports, clock, bounds: BOUNDS });
  const machine = new RolloutMachine({
    ...{ clock, records: tableRolloutRecords({ arbiter, clock }), newId: () => 'x' },
    meansFor: async () => ({ executor, gates: [] }),
  });
  const plan = { kind: 'release', what: 'r1', waves: config.waves, bakeMs: 0, by: 'ann', why: '', forced: [] } as const;
  const run = () => drive(clock, machine.run(plan));
  const releases = () =>
    Promise.all(
      config.cells.flatMap(({ id, home, standby }) =>
        [home, standby].map(async (region) => (await stacks.state({ stack: cellStackName(id, region) })).release),
      ),
    );
  return { clock, arbiter, stacks, ports, log, owners, run, releases };
}

async function drive(clock: FakeClock, work: Promise<RolloutRecord>): Promise<RolloutRecord> {
  let over = false;
  void work.finally(() => {
    over = true;
  });
  while (!over) await clock.advance(10_000);
  return work;
}

describe('a release on stacks', () => {
  it('reaches each cell where it stands by, moves the cell, and reaches the other side once nobody is served there', async () => {
    const { run, log, releases } = world();
    expect(await run()).toMatchObject({ state: 'done' });
    const [first] = config.cells;
    expect(log.slice(0, 4)).toEqual([
      `r1 to c01 in ${first?.standby}, held by ${first?.home}`,
      `c01 moves to ${first?.standby}`,
      `r1 to c01 in ${first?.home}, held by ${first?.standby}`,
      `c01 moves to ${first?.home}`,
    ]);
    expect(new Set(await releases())).toEqual(new Set(['r1']));
  });

  it('goes back, with the assembly of the release before, when CloudFormation says no', async () => {
    const { run, stacks, owners, releases } = world();
    const failing = () => {
      throw verdict();
    };
    stacks.onDeploy.set(cellStackName('c02', 'us-west-2'), [failing]);
    expect(await run()).toMatchObject({
      state: 'rolled-back',
      trouble: { cause: 'step', detail: expect.stringContaining('quota') },
    });
    expect(new Set(await releases())).toEqual(new Set(['r0']));
    expect(config.cells.map(({ id }) => owners.get(id))).toEqual(config.cells.map(({ home }) => home));
  });

  it('asks again when an answer of CloudFormation is lost, and goes on', async () => {
    const { run, stacks } = world();
    const losing = () => {
      throw lost('OUTCOME_UNKNOWN');
    };
    stacks.onDeploy.set(cellStackName('c01', 'us-west-2'), [losing]);
    expect(await run()).toMatchObject({ state: 'done' });
    expect(stacks.log.filter((line) => line.endsWith('c01-us-west-2'))).toHaveLength(2);
  });

  it('touches no stack for an orchestrator whose token is below one that was there', async () => {
    const { ports, stacks } = world();
    const [cell] = config.cells;
    if (!cell) throw new Error('a topology has cells');
    const at = { cell: cell.id, region: cell.standby, release: 'r1' };
    await ports.replace({ ...at, token: 5 }, LIMIT);
    const before = [...stacks.log];
    await expect(ports.replace({ ...at, token: 4 }, LIMIT)).rejects.toMatchObject({
      code: 'ROLLOUT_IN_PROGRESS',
      effect: 'none',
    });
    expect(stacks.log).toEqual(before);
    await ports.replace({ ...at, token: 5 }, LIMIT);
  });
});
