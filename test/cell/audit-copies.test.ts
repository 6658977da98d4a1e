/** The audit of reconciliation: what was given up or merged is told in both regions' stores in the end, and can be read when one is gone. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ReconciledCommit } from '../../cell/cell-store.ts';
import { AuditCopies } from '../../cell/reconcile/audit-copies.ts';
import { LISTED_MAX, QuarantineView } from '../../cell/reconcile/quarantine-view.ts';
import { auditWrites } from '../../cell/reconcile/taking-in.ts';
import { journalSk, quarantineItem, RECONCILED_COPY, toReconciled, UNCOPIED } from '../../cell/store/table-layout.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import type { Table } from '../../cell/table/table.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { aggregateId } from '../../core/ids.ts';
import { FaultyTable, noDeadline } from '../doubles/faulty-table.ts';
import { EAST, TTL_MS, TwoRegions, WEST } from '../doubles/two-regions.ts';

const within = () => noDeadline;

function lineOf(name: string, over: Partial<ReconciledCommit> = {}): ReconciledCommit {
  const aggregate = aggregateId(name);
  const revision = { epoch: 1, version: 1 };
  const commit: ReconciledCommit['commit'] = {
    ...{ aggregate, class: 'strict', ...revision, previous: null, lineage: [revision], origin: EAST, atMs: 1 },
    ...{ changes: [], idempotency: null, outbox: [], outboxDone: [] },
  };
  const id = journalSk(aggregate, revision);
  return { id, action: 'discarded', by: 'ann', reason: 'counted', atMs: 1, takenInAs: null, commit, ...over };
}

let west: Table;
let east: Table;
/** The way from West to East's store. */
let link: FaultyTable;
let copies: AuditCopies;
beforeEach(() => {
  [west, east] = [new MemoryTable(), new MemoryTable()];
  link = new FaultyTable(east);
  copies = new AuditCopies({ own: west, peer: link });
});

const rows = async (table: Table, pk: string) =>
  (await table.query(pk, { ...noDeadline, limit: 500 })).items.map(({ sk }) => sk);
const copied = async (table: Table) =>
  (await table.query(RECONCILED_COPY, { ...noDeadline, limit: 500 })).items.map(toReconciled);
const write = async (line: ReconciledCommit, table = west) =>
  (await table.transact(auditWrites(line), noDeadline)).outcome;

describe('a line of the audit', () => {
  it('comes to the other store whole, from whichever store it lies in, and is marked no longer', async () => {
    await write(lineOf('a'));
    await write(lineOf('b'), east);
    await copies.copy(within);
    expect([await copied(east), await copied(west)]).toEqual([[lineOf('a')], [lineOf('b')]]);
    expect([await rows(west, UNCOPIED), await rows(east, UNCOPIED)]).toEqual([[], []]);
  });

  it('waits while the other store does not answer, and comes when it does', async () => {
    await write(lineOf('a'));
    copies.settled();
    link.state = 'refused';
    await copies.turn(within);
    expect([await copied(east), await rows(west, UNCOPIED)]).toEqual([[], [lineOf('a').id]]);
    link.state = 'up';
    await copies.turn(within);
    expect([await copied(east), await rows(west, UNCOPIED)]).toEqual([[lineOf('a')], []]);
  });

  it('comes once when the answer to its copy got lost', async () => {
    await write(lineOf('a'));
    link.state = 'effect-then-timeout';
    await copies.copy(within).catch(() => undefined);
    link.state = 'up';
    await copies.copy(within);
    expect([await copied(east), await rows(west, UNCOPIED)]).toEqual([[lineOf('a')], []]);
  });

  it('that was left by a process which died is found by one that wrote none, sooner or later', async () => {
    await write(lineOf('a'));
    for (let pass = 0; pass < 100 && (await copied(east)).length === 0; pass++) await copies.turn(within);
    expect(await copied(east)).toHaveLength(1);
  });

  it('is copied when it tells of what nothing else tells of: discarded or merged, not adopted or superseded', async () => {
    for (const action of ['adopted', 'merged', 'superseded', 'discarded'] as const)
      await write(lineOf(action, { action }));
    await copies.copy(within);
    expect((await copied(east)).map(({ action }) => action)).toEqual(['discarded', 'merged']);
  });

  it('travels with others, in pages and in transactions that a store takes', async () => {
    const large = 'x'.repeat(300_000);
    for (let n = 0; n < 120; n++) await write(lineOf(`a${n}`, n % 10 === 0 ? { reason: large } : {}));
    await copies.copy(within);
    expect((await copied(east)).length).toBe(120);
    expect(await rows(west, UNCOPIED)).toEqual([]);
  });
});

describe('what is listed', () => {
  const view = () =>
    new QuarantineView({
      ...{ own: west, peer: link, region: WEST, peerRegion: EAST, clock: new FakeClock(), ruleOf: () => null },
    });

  it('shows each line of both regions once, and those of a region that is gone from their copies', async () => {
    await write(lineOf('a'));
    await write(lineOf('b', { action: 'merged' }), east);
    await copies.copy(within);
    const both = [lineOf('a'), lineOf('b', { action: 'merged' })];
    expect(await view().settled()).toEqual({ rows: both, next: null, unread: [] });
    link.state = 'refused';
    expect(await view().settled()).toEqual({ rows: both, next: null, unread: [EAST] });
    link.state = 'up';
    // Rebuilt from nothing.
    link = new FaultyTable(new MemoryTable());
    expect((await view().settled()).rows).toEqual(both);
  });

  it('comes page by page over both stores, by id, without a gap and without a row twice', async () => {
    const names = Array.from({ length: 2 * LISTED_MAX + 50 }, (_, n) => `a${String(n).padStart(4, '0')}`);
    for (const [index, name] of names.entries()) {
      const { id, commit } = lineOf(name);
      // Most of them lie in one store.
      const table = index % 7 === 0 ? east : west;
      await table.write(
        { kind: 'put', item: quarantineItem({ id, commit, fenceEpoch: 2, quarantinedAtMs: 1 }) },
        noDeadline,
      );
    }
    const seen: string[] = [];
    let pages = 0;
    for (let after: string | null = null; ; pages++) {
      const page = await view().list(after);
      seen.push(...page.rows.map(({ aggregate }) => aggregate));
      after = page.next;
      if (after === null) break;
    }
    expect(seen).toEqual(names);
    expect(pages).toBeGreaterThan(0);
  });
});

it('is in both stores of a cell once a person has discarded', async () => {
  const world = new TwoRegions({ reconcile: 'manual' });
  await world.clock.advance(2_000);
  world.at(EAST).peer.state = 'refused';
  await world.put(EAST, { key: 'a', value: 'lost' });
  await world.crash(EAST);
  world.loseStore(EAST);
  await world.move({ kind: 'failover', to: WEST });
  world.findStore(EAST);
  world.start(EAST);
  await world.clock.advance(3 * TTL_MS);
  const desk = world.at(WEST).cell.quarantine;
  const [first] = (await world.settle(desk.list())).rows;
  const order = { wish: 'discard', by: 'ann', reason: 'counted' } as const;
  await world.settle(desk.settle(String(first?.id), order));
  const store = world.stores[EAST];
  expect(store && (await copied(store))).toMatchObject([{ id: first?.id, action: 'discarded', by: 'ann' }]);
  for (const region of [EAST, WEST]) await world.crash(region);
});
