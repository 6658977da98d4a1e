/** What closes each gate, what leaves it open, and that knowing nothing is neither. */
import { describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../../cell/table/memory-table.ts';
import { tableMarkStore } from '../../../control/adapters/table-mark-store.ts';
import type { FailoverRecord } from '../../../control/failover/failover-record.ts';
import { alarmsGate } from '../../../control/rollout/gates/alarms-gate.ts';
import { answersGate, errorBudgetGate } from '../../../control/rollout/gates/answers-gates.ts';
import { HEAP_RATIO_MAX, LAG_MS_MAX, lagGate, processesGate } from '../../../control/rollout/gates/condition-gates.ts';
import { lifted, marked, UNMARKED } from '../../../control/rollout/gates/marks.ts';
import { drillsGate, freezeGate } from '../../../control/rollout/gates/marks-gates.ts';
import { failoversGate, proposalsGate } from '../../../control/rollout/gates/moving-gates.ts';
import { PROBE_EVERY_MS, PROBE_MS_MAX, Prober, probesGate } from '../../../control/rollout/gates/probes-gate.ts';
import type { SideSight, Sides } from '../../../control/rollout/gates/side-sight.ts';
import type { Gate } from '../../../control/rollout/rollout-executor.ts';
import { FakeClock } from '../../../core/fake-clock.ts';
import type { CellId } from '../../../core/ids.ts';
import { EAST, WEST } from '../../doubles/two-regions.ts';
import { C1, C2 } from './rollout-world.ts';

const LIMIT = { withinMs: 1_000, signal: new AbortController().signal };
const stateOf = async (gate: Gate, cells: readonly CellId[] = []) => (await gate.look(cells, LIMIT)).state;

const WELL: SideSight = {
  ...{ cell: C1, region: EAST, incarnation: 'a', deaths: 1, lagMs: 5, peer: 'ok', quarantined: 0, heapRatio: 0.3 },
  total: { ok: 100, refused: 0, failed: 0, unknown: 0 },
  recent: { ok: 100, refused: 0, failed: 0, unknown: 0, windowMs: 10_000 },
};
const sides = (...changes: readonly Partial<SideSight>[]): Sides => ({
  seen: [WELL, { ...WELL, region: WEST }, { ...WELL, cell: C2 }, { ...WELL, cell: C2, region: WEST }].map(
    (side, index) => ({
      ...side,
      ...changes[index],
    }),
  ),
  silent: [],
});
const SILENT: Sides = {
  seen: sides().seen.slice(2),
  silent: [EAST, WEST].map((region) => ({ cell: C1, region, because: 'no answer' })),
};
/** One gate for a sequence of sights. */
function looking(make: (of: { eyes: { look: () => Promise<Sides> } }) => Gate, ...seen: readonly Sides[]): Gate {
  const left = [...seen];
  return make({ eyes: { look: async () => left.shift() ?? sides() } });
}
const recent = (failed: number, ok: number): Partial<SideSight> => ({ recent: { ...WELL.recent, failed, ok } });

describe('the gate on answers', () => {
  it.each([
    ['open', 'nothing fails', sides()],
    ['open', 'one of three answers fails, which proves nothing', sides(recent(1, 2))],
    ['open', 'five of a thousand fail', sides(recent(5, 995))],
    ['closed', 'five of a hundred fail', sides(recent(5, 95))],
    ['closed', 'a neighbour fails', sides({}, {}, recent(20, 20))],
    [
      'open',
      'one region of a cell is on its way up',
      { ...sides(), silent: [{ cell: C1, region: EAST, because: 'starting' }] },
    ],
    ['unknown', 'both regions of a cell are silent', SILENT],
  ] as const)('is %s when %s', async (state, _because, seen) => {
    expect(await stateOf(looking(answersGate, seen))).toBe(state);
  });
});

describe('the gate on the error budget', () => {
  const total = (failed: number, ok: number, incarnation = 'a'): Partial<SideSight> => ({
    incarnation,
    total: { ...WELL.total, failed, ok },
  });

  it('does not count what had failed before it first looked', async () => {
    const gate = looking(errorBudgetGate, sides(total(50, 50)), sides(total(50, 60)));
    expect(await stateOf(gate, [C1])).toBe('open');
    expect(await stateOf(gate, [C1])).toBe('open');
  });

  it('closes when more of a cell failed since than a bake may cost, and asks for a number beside the share', async () => {
    const few = looking(errorBudgetGate, sides(), sides(total(2, 110)));
    await stateOf(few, [C1]);
    expect(await stateOf(few, [C1])).toBe('open');
    const many = looking(errorBudgetGate, sides(), sides(total(3, 150)));
    await stateOf(many, [C1]);
    expect(await stateOf(many, [C1])).toBe('closed');
  });

  it('counts on across a restart of the process, which begins its counts anew', async () => {
    const gate = looking(errorBudgetGate, sides(), sides(total(3, 100, 'b')));
    await stateOf(gate, [C1]);
    expect(await stateOf(gate, [C1])).toBe('closed');
  });

  it('knows nothing while a cell is silent', async () => {
    expect(await stateOf(looking(errorBudgetGate, SILENT), [C1])).toBe('unknown');
  });
});

describe('the gate on lag', () => {
  it.each([
    ['closed', 'a region is too far behind', sides({ lagMs: LAG_MS_MAX + 1 })],
    ['closed', 'a region has lost its peer', sides({ peer: 'gone' })],
    ['unknown', 'a region does not know its lag yet', sides({ lagMs: null })],
    [
      'unknown',
      'one region of a cell is silent',
      { ...sides(), silent: [{ cell: C1, region: EAST, because: 'starting' }] },
    ],
    ['open', 'all is well', sides()],
  ] as const)('is %s when %s', async (state, _because, seen) => {
    expect(await stateOf(looking(lagGate, seen))).toBe(state);
  });

  it('closes when commits come to lie in quarantine, not when some lay there before', async () => {
    const gate = looking(lagGate, sides({ quarantined: 2 }), sides({ quarantined: 2 }), sides({ quarantined: 3 }));
    expect([await stateOf(gate), await stateOf(gate), await stateOf(gate)]).toEqual(['open', 'open', 'closed']);
  });
});

describe('the gate on processes', () => {
  it('closes when a process has died by itself since the first look, in the middle of a cell too, and stays closed', async () => {
    const died = sides({ incarnation: 'b', deaths: 2 });
    const gate = looking(processesGate, sides(), sides(), died, died);
    const states = [
      await stateOf(gate, []),
      await stateOf(gate, [C1]),
      await stateOf(gate, [C1]),
      await stateOf(gate, [C1]),
    ];
    expect(states).toEqual(['open', 'open', 'closed', 'closed']);
    expect(gate.midCell).toBe(true);
  });

  it('takes a process that was replaced for what it is', async () => {
    const gate = looking(processesGate, sides(), sides({ incarnation: 'b' }), sides({ incarnation: 'c' }));
    expect([await stateOf(gate, []), await stateOf(gate, [C1]), await stateOf(gate, [C1])]).toEqual([
      'open',
      'open',
      'open',
    ]);
  });

  it('closes when a process has used up its memory', async () => {
    expect(await stateOf(looking(processesGate, sides({ heapRatio: HEAP_RATIO_MAX + 0.01 })), [C1])).toBe('closed');
  });
});

describe('the gate on probes', () => {
  async function probing(ask: (turn: number) => string | null | 'hang') {
    const clock = new FakeClock();
    const port = {
      cells: [C1],
      ask: async (_cell: CellId, turn: number) => {
        const said = ask(turn);
        return said === 'hang' ? new Promise<never>(() => undefined) : said;
      },
    };
    const prober = new Prober({ port, clock });
    const ending = new AbortController();
    const running = prober.run(ending.signal);
    const end = () => {
      ending.abort();
      return running;
    };
    return { gate: probesGate({ prober, cells: [C1] }), clock, end };
  }

  it('knows nothing until enough probes were answered, and is open then', async () => {
    const { gate, clock, end } = await probing(() => null);
    expect(await stateOf(gate)).toBe('unknown');
    await clock.advance(5 * PROBE_EVERY_MS);
    expect(await stateOf(gate)).toBe('open');
    await end();
  });

  it('closes within a second of a cell that fails every probe', async () => {
    const { gate, clock, end } = await probing(() => 'HTTP 500');
    await clock.advance(1_000);
    expect(await gate.look([], LIMIT)).toMatchObject({ state: 'closed', detail: expect.stringContaining('HTTP 500') });
    await end();
  });

  it('does not take a single failure for more than it is', async () => {
    const { gate, clock, end } = await probing((turn) => (turn === 3 ? 'HTTP 503' : null));
    await clock.advance(5_000);
    expect(await stateOf(gate)).toBe('open');
    await end();
  });

  it('takes probes that get no answer for failed', async () => {
    const { gate, clock, end } = await probing(() => 'hang');
    await clock.advance(4 * PROBE_MS_MAX);
    expect(await stateOf(gate)).toBe('closed');
    await clock.advance(PROBE_MS_MAX);
    const ended = end();
    await clock.advance(PROBE_MS_MAX);
    await ended;
  });
});

describe('the gates on moves, marks and alarms', () => {
  const record = (step: FailoverRecord['step']) => ({ step, decision: { cell: C1, to: WEST } }) as FailoverRecord;

  it('is closed while a failover is under way, also one that was left behind', async () => {
    const gate = (records: readonly FailoverRecord[]) =>
      failoversGate({ store: { records: async () => records }, cells: [C1] });
    expect(await stateOf(gate([record('done'), record('open')]))).toBe('closed');
    expect(await stateOf(gate([record('done'), record('failed'), record('aborted')]))).toBe('open');
  });

  it('is closed while a proposal waits for a person, and not once it has lapsed', async () => {
    const clock = new FakeClock();
    const proposal = { cell: C1, expiresAtMs: clock.wallMs() + 1_000 } as Awaited<
      ReturnType<Parameters<typeof proposalsGate>[0]['store']['proposals']>
    >[number];
    const gate = proposalsGate({ store: { proposals: async () => [proposal] }, clock });
    expect(await stateOf(gate)).toBe('closed');
    await clock.advance(1_000);
    expect(await stateOf(gate)).toBe('open');
  });

  it('is closed while changes are frozen or a drill runs, until the mark is lifted or runs out', async () => {
    const clock = new FakeClock();
    const marks = tableMarkStore({ arbiter: new MemoryTable(), clock });
    const gates = [freezeGate({ marks, clock }), drillsGate({ marks, clock })];
    const states = async () => Promise.all(gates.map((gate) => stateOf(gate)));
    expect(await states()).toEqual(['open', 'open']);
    const held = marked(UNMARKED, { by: 'ann', why: 'sale', nowMs: clock.wallMs(), forMs: 60_000 });
    expect(await marks.write('freeze', held, LIMIT)).toBe(true);
    expect(await marks.write('freeze', held, LIMIT)).toBe(false);
    expect(await states()).toEqual(['closed', 'open']);
    await marks.write('drill', held, LIMIT);
    await marks.write('freeze', lifted(held), LIMIT);
    expect(await states()).toEqual(['open', 'closed']);
    await clock.advance(60_000);
    expect(await states()).toEqual(['open', 'open']);
  });

  it.each([{ why: ' ' }, { forMs: 0 }, { forMs: Number.NaN }, { forMs: Number.POSITIVE_INFINITY }])(
    'refuses a mark with %j',
    (change) => {
      const wish = { by: 'ann', why: 'sale', nowMs: 0, forMs: 60_000, ...change };
      expect(() => marked(UNMARKED, wish)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    },
  );

  it('is closed while an alarm of a cell rings', async () => {
    const gate = (ringing: readonly { name: string; region: string }[]) =>
      alarmsGate({ eyes: { ringing: async () => ringing } });
    expect(await stateOf(gate([{ name: 'holdfast-cell-c01-us-east-1-services-fail', region: EAST }]))).toBe('closed');
    expect(await stateOf(gate([]))).toBe('open');
  });
});
