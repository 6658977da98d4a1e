import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomInt, seededRng } from '../../core/rng.ts';
import { sessionGuarantees } from '../../drills/checkers/session-guarantees.ts';
import { stalenessBound } from '../../drills/checkers/staleness-bound.ts';
import { EAST, historyOf, type Row, WEST } from './sample-history.ts';

const put = (at: readonly [number, number], asked: number, over: Partial<Row> = {}): Row => ({
  at,
  asked,
  client: 1,
  ...over,
});
const get = (at: readonly [number, number], value: number | null, over: Partial<Row> = {}): Row => ({
  ...{ at, op: 'stock.get', client: 1, region: WEST, session: true, stalenessMs: 500 },
  ...(value === null ? { outcome: 'fail' as const, code: 'NOT_FOUND' } : { value }),
  ...over,
});

const rulesOf = (result: ReturnType<typeof sessionGuarantees>) => [
  result.verdict,
  ...result.findings.map((f) => f.rule),
];
const sessions = (rows: readonly Row[]) => rulesOf(sessionGuarantees({ history: historyOf(rows) }));
const bounds = (rows: readonly Row[]) => rulesOf(stalenessBound({ history: historyOf(rows) }));

describe('session guarantees', () => {
  const written = [put([0, 1], 1), put([2, 3], 2)];

  it('hold when a session sees what it wrote or read, or something newer', () => {
    expect(sessions([...written, get([4, 5], 2)])).toEqual(['pass']);
    expect(sessions([...written, put([4, 5], 3, { client: 2 }), get([6, 7], 3), get([8, 9], 3)])).toEqual(['pass']);
  });

  it('reject a session that does not see its own write', () => {
    expect(sessions([...written, get([4, 5], 1)])).toEqual(['fail', 'read-your-writes']);
    expect(sessions([...written, get([4, 5], null)])).toEqual(['fail', 'read-your-writes']);
  });

  it('reject a session that goes back behind what it has read', () => {
    const other = written.map((row) => ({ ...row, client: 2 }));
    expect(sessions([...other, get([4, 5], 2), get([6, 7], 1)])).toEqual(['fail', 'monotonic-reads']);
    expect(sessions([...other, get([4, 5], 2), get([6, 7], null)])).toEqual(['fail', 'monotonic-reads']);
  });

  it('reject writes that are seen in another order than their session made them, or before what it had read', () => {
    // Of unknown outcome, so time alone says nothing; client 2 read 1 and then wrote 2.
    const doubtful = put([0, 100], 1, { outcome: 'info', region: null, epoch: null, client: 9 });
    const follows = [doubtful, get([4, 5], 1, { client: 2 }), put([6, 7], 2, { client: 2 })];
    expect(sessions([...follows, get([8, 9], 2), get([10, 11], 1)])).toEqual(['fail', 'monotonic-reads']);
    const alone = [doubtful, put([6, 7], 2, { client: 2 })];
    expect(sessions([...alone, get([8, 9], 2), get([10, 11], 1)])).toEqual(['pass']);
  });

  it('promise nothing without a token, between overlapping writes, or of what a takeover undid', () => {
    expect(sessions([...written, get([4, 5], 1, { session: false })])).toEqual(['pass']);
    const overlapping = [put([0, 10], 1), put([5, 15], 2, { client: 2 })];
    expect(sessions([...overlapping, get([20, 21], 2), get([22, 23], 1)])).toEqual(['pass']);
    const alone = [put([0, 1], 1), put([2, 3], 2, { degraded: 'unreplicated' })];
    expect(sessions([...alone, get([4, 5], 1, { epoch: 2 })])).toEqual(['pass']);
    expect(sessions([...alone, get([4, 5], 1)])).toEqual(['fail', 'read-your-writes']);
  });
});

describe('the bound of staleness', () => {
  const written = [put([0, 10], 1), put([100, 110], 2)];

  it('holds a standby to what it says, from the instant of asking', () => {
    expect(bounds([...written, get([400, 410], 1, { stalenessMs: 300 })])).toEqual(['pass']);
    expect(bounds([...written, get([400, 410], 1, { stalenessMs: 280 })])).toEqual(['fail', 'staler-than-said']);
    expect(bounds([...written, get([400, 410], 2, { stalenessMs: 0 })])).toEqual(['pass']);
    expect(bounds([...written, get([400, 410], null, { stalenessMs: 389 })])).toEqual(['pass']);
  });

  it('says nothing of the owner, and rejects nothing that overlapped', () => {
    const { stalenessMs: _, ...owner } = get([400, 410], 1);
    expect(bounds([...written, owner])).toEqual(['pass']);
    const overlapping = [put([0, 10], 1), put([5, 15], 2, { client: 2 })];
    expect(bounds([...overlapping, get([400, 410], 1, { stalenessMs: 0 })])).toEqual(['pass']);
  });
});

/** One writer, a copy that follows it by `lagMs`, and sessions that read the copy when it is new enough for them. */
function copyRun(seed: number): { rows: readonly Row[]; lagMs: number } {
  const rng = seededRng(seed);
  const lagMs = 20 + randomInt(rng, 200);
  const rows: Row[] = [];
  const writes: { value: number; atMs: number }[] = [];
  const floors = new Map<number, number>();
  for (let t = 0; t < 3_000; t += 10 + randomInt(rng, 20)) {
    const client = 1 + randomInt(rng, 3);
    if (randomInt(rng, 3) === 0) {
      const value = writes.length + 1;
      rows.push(put([t, t + 5], value, { client, region: EAST, id: `w${t}` }));
      writes.push({ value, atMs: t + 2 });
      floors.set(client, value);
      continue;
    }
    const shown = writes.filter(({ atMs }) => atMs <= t + 2 - lagMs).at(-1)?.value ?? 0;
    if (shown < (floors.get(client) ?? 0)) continue;
    floors.set(client, shown);
    rows.push(get([t, t + 5], shown === 0 ? null : shown, { client, stalenessMs: lagMs, id: `r${t}` }));
  }
  return { rows, lagMs };
}

describe('a copy that follows', () => {
  const reads = (rows: readonly Row[]) => rows.filter((row) => row.op === 'stock.get' && typeof row.value === 'number');

  it('keeps the guarantees of sessions and its bound', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { rows } = copyRun(seed);
        expect([sessions(rows), bounds(rows)]).toEqual([['pass'], ['pass']]);
      }),
    );
  });

  it('is found out, every time, when a read falls behind its session or its bound', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, choice) => {
        const { rows, lagMs } = copyRun(seed);
        const candidates = reads(rows).filter((row) => Number(row.value) > 1);
        const read = candidates[choice % Math.max(1, candidates.length)];
        fc.pre(read !== undefined);
        const own = rows.filter((row) => row.client === read?.client && row.at[1] < Number(read?.at[0]));
        const known = Math.max(0, ...own.map((row) => Number(row.op === 'stock.get' ? (row.value ?? 0) : row.asked)));
        const edit = (value: number) => rows.map((row) => (row === read ? { ...row, value } : row));
        if (known > 1) expect(sessions(edit(known - 1))[0]).toBe('fail');
        const due = rows.filter((row) => row.op !== 'stock.get' && row.at[1] < Number(read?.at[0]) - lagMs * 1.001 - 1);
        if (due.length > 1) expect(bounds(edit(due.length - 1))[0]).toBe('fail');
      }),
    );
  });
});
