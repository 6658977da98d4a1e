/** A sweep over a long journal: in turns, each from where the last one was, and whatever else is at work on the entries. */
import { describe, expect, it } from '@jest/globals';
import { drainJournal } from '../../cell/replication/drain-journal.ts';
import { journalShards } from '../../cell/replication/journal.ts';
import { headKey, journalItem, journalPk } from '../../cell/store/table-layout.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import type { TableWrite, WriteResult } from '../../cell/table/table.ts';
import type { Commit } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { aggregateId, regionName } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import { noDeadline } from '../doubles/faulty-table.ts';

const COMMITS = 1_000;

/** Another transaction is always at work on what this one deletes. */
class ContestedTable extends MemoryTable {
  override async transact(writes: readonly TableWrite[]): Promise<WriteResult> {
    if (writes.every(({ kind }) => kind === 'delete')) {
      throw new PlatformError({ code: 'STORE_CONFLICT', kind: 'dependency', effect: 'none', message: 'contested' });
    }
    return super.transact(writes);
  }
}

function commitOf(index: number): Commit {
  const revision = { epoch: 1, version: 1 };
  return {
    ...{ aggregate: aggregateId(`a${index}`), class: 'strict', ...revision, lineage: [revision], previous: null },
    origin: regionName('us-east-1'),
    changes: [{ kind: 'put', item: 'value', data: { index } }],
    ...{ idempotency: null, outbox: [], outboxDone: [], atMs: 1 },
  };
}

async function longJournal(source: MemoryTable) {
  const peer = new MemoryTable();
  for (let index = 0; index < COMMITS; index++) {
    await source.write({ kind: 'put', item: journalItem(commitOf(index)) });
  }
  return { source, peer, fenceShards: 4, clock: new FakeClock(), rng: seededRng(1) };
}

const entriesIn = async (source: MemoryTable) => {
  const pages = journalShards.map((shard) => source.query(journalPk(shard), { ...noDeadline, limit: COMMITS }));
  return (await Promise.all(pages)).flatMap(({ items }) => items).length;
};

describe('a sweep', () => {
  it('whose turn is over says so and where, and the next one goes on from there', async () => {
    const lane = await longJournal(new MemoryTable());
    const first = await drainJournal(lane, { ...noDeadline, pauseAtMs: 0 });
    expect(first).toMatchObject({ shipped: 400, left: 4, failure: undefined });
    expect([...first.paused.keys()].sort()).toEqual([0, 1, 2, 3]);
    const rest = await drainJournal(lane, { ...noDeadline, from: first.paused });
    expect(rest).toMatchObject({ shipped: 600, left: 0, failure: undefined, paused: new Map() });
    expect(await entriesIn(lane.source)).toBe(0);
    expect(
      await lane.peer.getMany(Array.from({ length: COMMITS }, (_, at) => headKey(aggregateId(`a${at}`)))),
    ).toHaveLength(COMMITS);
  });

  it('clears what arrived although another transaction is in the way', async () => {
    const lane = await longJournal(new ContestedTable());
    expect(await drainJournal(lane, noDeadline)).toMatchObject({ shipped: COMMITS, left: 0, failure: undefined });
    expect(await entriesIn(lane.source)).toBe(0);
  });
});
