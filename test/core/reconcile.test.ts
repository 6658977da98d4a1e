/** What a quarantined commit is to the present state, and the note that keeps it from being taken in twice. */
import { describe, expect, it } from '@jest/globals';
import type { Aggregate, Commit, Head, Revision } from '../../core/commit.ts';
import { aggregateId, regionName } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { changesTakingIn, hasTaken, judgeQuarantined, TAKEN_IN_ITEM, takenInOf } from '../../core/reconcile.ts';

const id = aggregateId('order/acme/1');
const at = (epoch: number, version: number): Revision => ({ epoch, version });

function head(...lineage: readonly Revision[]): Head {
  const last = lineage.at(-1) ?? at(1, 1);
  return { ...last, lineage };
}

function aggregate(over: Partial<Aggregate> = {}): Aggregate {
  return { id, head: head(at(1, 3)), items: new Map(), idempotency: new Map(), ...over };
}

function commit(over: Partial<Commit> = {}): Commit {
  return {
    ...{ aggregate: id, class: 'strict', epoch: 1, version: 4, previous: at(1, 3), lineage: [at(1, 4)] },
    ...{ origin: regionName('us-east-1'), changes: [{ kind: 'put', item: 'value', data: { n: 4 } }] },
    ...{ idempotency: null, outbox: [], outboxDone: [], atMs: 0 },
    ...over,
  } as Commit;
}

/** The aggregate after the commit was taken in under an epoch. */
function taking(present: Aggregate, taken: Commit, options: { epoch: number; whole?: boolean }): Aggregate {
  const { changes } = taken;
  const written = changesTakingIn({ commit: taken, present, changes, whole: options.whole ?? true });
  const items = new Map(present.items);
  for (const change of written) if (change.kind === 'put') items.set(change.item, change.data);
  const next = at(options.epoch, (present.head?.version ?? 0) + 1);
  return { ...present, items, head: head(...(present.head?.lineage ?? []), next) };
}

const stateOf = (quarantined: Commit, present: Aggregate) => judgeQuarantined({ commit: quarantined, present }).state;

describe('a quarantined commit', () => {
  it('is untouched where nobody wrote since its base, and for an aggregate that only it has', () => {
    expect(stateOf(commit(), aggregate())).toBe('untouched');
    expect(stateOf(commit({ previous: null, version: 1 }), aggregate({ head: null }))).toBe('untouched');
  });

  it('has diverged where others wrote since', () => {
    const present = aggregate({ head: head(at(1, 3), at(2, 4)) });
    expect(judgeQuarantined({ commit: commit(), present })).toEqual({
      state: 'diverged',
      why: 'it was made on 1.3; the aggregate stands at 2.4',
    });
  });

  it('is superseded when the line has it', () => {
    expect(stateOf(commit(), aggregate({ head: head(at(1, 4), at(3, 5)) }))).toBe('superseded');
  });

  it('is superseded by the repeat of its client, and not by another request under its key', () => {
    const own = commit({ idempotency: { key: 'k', fingerprint: 'a', response: {} } });
    const with_ = (fingerprint: string) =>
      aggregate({ idempotency: new Map([['k', { key: 'k', fingerprint, response: {} }]]) });
    expect(stateOf(own, with_('a'))).toBe('superseded');
    expect(stateOf(own, with_('b'))).toBe('diverged');
  });

  it('of a lane is never taken in by another region', () => {
    expect(stateOf(commit({ class: 'mergeable', epoch: 0 }), aggregate())).toBe('diverged');
  });
});

describe('a chain of quarantined commits', () => {
  const second = commit({ version: 5, previous: at(1, 4) });

  it('is taken in one after another', () => {
    expect(stateOf(second, aggregate())).toBe('diverged');
    expect(stateOf(second, taking(aggregate(), commit(), { epoch: 2 }))).toBe('untouched');
  });

  it('ends where others wrote in between, and where the one before was merged', () => {
    const taken = taking(aggregate(), commit(), { epoch: 2 });
    const written = { ...taken, head: head(at(1, 3), at(2, 5)) };
    expect(stateOf(second, written)).toBe('diverged');
    expect(stateOf(second, taking(aggregate(), commit(), { epoch: 2, whole: false }))).toBe('diverged');
  });
});

describe('what was taken in', () => {
  it('is never taken in again, whoever wrote since', () => {
    const taken = taking(aggregate(), commit(), { epoch: 2 });
    expect(stateOf(commit(), taken)).toBe('superseded');
    expect(stateOf(commit(), { ...taken, head: head(at(1, 3), at(2, 9), at(5, 12)) })).toBe('superseded');
  });

  it('is known when the commit that took it in is quarantined itself', () => {
    const base = aggregate();
    const changes = changesTakingIn({ commit: commit(), present: base, changes: commit().changes, whole: true });
    const adoption = commit({ epoch: 2, version: 4, previous: at(1, 3), changes });
    // Its own base is untouched, but the line has taken the first one in by another way.
    const line = taking(base, commit(), { epoch: 3 });
    expect(stateOf(adoption, line)).toBe('superseded');
    // And the other way round: it comes first, and the first one is found in it.
    const other = taking(base, adoption, { epoch: 3 });
    expect(stateOf(commit(), other)).toBe('superseded');
    expect(stateOf(adoption, other)).toBe('superseded');
  });

  it('keeps thousands as one run', () => {
    let present = aggregate({ head: null });
    for (let version = 1; version <= 1_000; version++) {
      const previous = version === 1 ? null : at(1, version - 1);
      present = taking(present, commit({ version, previous }), { epoch: 2 });
    }
    expect(present.items.get(TAKEN_IN_ITEM)).toEqual({
      versions: { 1: [[1, 1_000]] },
      last: { at: 1_000, of: { epoch: 1, version: 1_000 }, whole: true },
    } as unknown as JsonObject);
  });

  it('is told from its neighbours, in whatever order they came', () => {
    let present = aggregate();
    for (const version of [9, 4, 6, 5]) present = taking(present, commit({ version }), { epoch: 2 });
    const taken = takenInOf(present);
    const known = [3, 4, 5, 6, 7, 8, 9, 10].filter((version) => hasTaken(taken, at(1, version)));
    expect(known).toEqual([4, 5, 6, 9]);
    expect(hasTaken(taken, at(2, 4))).toBe(false);
  });
});
