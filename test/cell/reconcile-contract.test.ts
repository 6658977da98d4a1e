/**
 * Reconciliation on every implementation of the table port: what it rests on (conditions in transactions, one item named once,
 * limits of size and number) is the engine's, and a table in memory only says what we believe of it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { QuarantinedCommit } from '../../cell/cell-store.ts';
import { AuditCopies } from '../../cell/reconcile/audit-copies.ts';
import { Reconciler } from '../../cell/reconcile/reconciler.ts';
import { type SettlementParts, settle } from '../../cell/reconcile/settlement.ts';
import type { Order } from '../../cell/reconcile/taking-in.ts';
import type { PeerReplication } from '../../cell/replication/peer-replication.ts';
import { shipCommit } from '../../cell/replication/ship-commit.ts';
import { completeDraft } from '../../cell/store/commit-draft.ts';
import { FencedStore } from '../../cell/store/fenced-store.ts';
import { raiseFence } from '../../cell/store/raise-fence.ts';
import { readAggregate } from '../../cell/store/read-aggregate.ts';
import { StoreCounters } from '../../cell/store/store-counters.ts';
import {
  journalSk,
  outboxPk,
  QUARANTINE,
  quarantineItem,
  RECONCILED,
  reconciledItem,
  toQuarantined,
  toReconciled,
} from '../../cell/store/table-layout.ts';
import { queryAll, type Table } from '../../cell/table/table.ts';
import { systemClock as clock } from '../../core/clock.ts';
import type { Commit, CommitDraft, Head } from '../../core/commit.ts';
import { aggregateId, epoch } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import { EAST, WEST } from '../doubles/two-regions.ts';
import { tableSources } from './engines.ts';

const FENCE_SHARDS = 4;
const [OLD, NOW] = [1, 2];
const within = () => ({ deadlineAtMs: clock.monotonicMs() + 30_000 });

interface World {
  readonly own: Table;
  readonly peer: Table;
  readonly parts: SettlementParts;
  pass(): Promise<{ readonly settled: number; readonly left: number }>;
}

/** West owns the cell under epoch 2, after East under epoch 1; what it commits goes to the peer at once. */
async function openWorld(own: Table, peer: Table): Promise<World> {
  const rng = seededRng(1);
  for (const table of [own, peer])
    await raiseFence({ table, shards: FENCE_SHARDS, to: { epoch: epoch(NOW), active: WEST }, clock, rng }, within());
  const ship = (commit: Commit) =>
    shipCommit({ source: own, peer, fenceShards: FENCE_SHARDS, clock, rng }, { commit, first: true }, within());
  const replication: PeerReplication = {
    mayAcknowledge: () => true,
    journaled: () => undefined,
    replicateNow: async (commit) => ((await ship(commit)) === 'shipped' ? 'at-peer' : 'unknown'),
    replicateTogether: async (commits) => {
      for (const commit of commits) if ((await ship(commit)) !== 'shipped') return false;
      return true;
    },
  };
  const lease = { standing: () => ({ held: true, epoch: epoch(NOW) }) as const };
  const store = new FencedStore({
    ...{ table: own, region: WEST, fenceShards: FENCE_SHARDS, lease, replication, clock, rng },
    ...{ counters: new StoreCounters(), onFenced: () => undefined, onMessages: () => undefined },
  });
  const parts = { own, store, lease, clock, ruleOf: () => null };
  const copies = new AuditCopies({ own, peer });
  const reconciler = new Reconciler({ ...parts, peer, copies, region: WEST, peerRegion: EAST, everyMs: 1_000, rng });
  return { own, peer, parts, pass: () => reconciler.pass() };
}

const put = (value: string): CommitDraft['changes'] => [{ kind: 'put', item: 'value', data: { value } }];

/** A run of commits of one aggregate that East made and nobody else has. */
function staleRun(key: string, values: readonly string[], more: Partial<CommitDraft> = {}): readonly Commit[] {
  let head: Head | null = null;
  return values.map((value) => {
    const draft = {
      aggregate: aggregateId(key),
      class: 'strict',
      expected: head,
      changes: put(value),
      ...more,
    } as const;
    const commit = completeDraft(draft, { epoch: OLD, region: EAST, atMs: 1 });
    head = { epoch: commit.epoch, version: commit.version, lineage: commit.lineage };
    return commit;
  });
}

const rowOf = (commit: Commit, quarantinedAtMs = 1): QuarantinedCommit => ({
  ...{ id: journalSk(commit.aggregate, commit), commit, fenceEpoch: NOW, quarantinedAtMs },
});

async function setAside(table: Table, commits: readonly Commit[]): Promise<void> {
  for (const commit of commits) await table.write({ kind: 'put', item: quarantineItem(rowOf(commit)) }, within());
}

const waiting = async (table: Table) => (await queryAll(table, QUARANTINE, within())).map(toQuarantined);
const audit = async (table: Table) => (await queryAll(table, RECONCILED, within())).map(toReconciled);
const value = async (table: Table, key: string) =>
  (await readAggregate(table, aggregateId(key), within())).items.get('value')?.value;
const person = (wish: Order['wish']): Order => ({ wish, by: 'ann', reason: 'asked the customer' });

for (const source of tableSources()) {
  const suite = source.missing === null ? describe : describe.skip;
  if (source.missing !== null) console.warn(`skipped on ${source.name}: ${source.missing}`);
  suite(`reconciliation on ${source.name}`, () => {
    let world: World;
    beforeAll(() => source.start());
    afterAll(() => source.stop());
    beforeEach(async () => {
      world = await openWorld(await source.table(), await source.table());
    });
    const committed = (key: string, text: string) =>
      world.parts.store.commit(
        { aggregate: aggregateId(key), class: 'strict', expected: null, changes: put(text) },
        { ...within(), ack: 'replicated' },
      );

    it.each(['own', 'peer'] as const)('takes in many together that lie in the %s store', async (place) => {
      const runs = Array.from({ length: 30 }, (_, n) => staleRun(`a${n + 10}`, ['1', '2']));
      const [lies, keys] = [world[place], runs.map(([first]) => String(first?.aggregate))];
      await setAside(lies, runs.flat());
      expect(await world.pass()).toEqual({ settled: 60, left: 0 });
      expect(await waiting(lies)).toEqual([]);
      const lines = await audit(world.own);
      expect(lines.map(({ action, takenInAs }) => `${action} ${takenInAs?.epoch}.${takenInAs?.version}`)).toEqual(
        runs.flatMap(() => ['adopted 2.1', 'adopted 2.2']),
      );
      for (const key of keys) expect([await value(world.own, key), await value(world.peer, key)]).toEqual(['2', '2']);
    });

    it('keeps to the size of a transaction', async () => {
      const large = 'x'.repeat(200_000);
      await setAside(
        world.own,
        Array.from({ length: 8 }, (_, n) => staleRun(`a${n}`, [large])[0] as Commit),
      );
      expect(await world.pass()).toEqual({ settled: 8, left: 0 });
      for (let n = 0; n < 8; n++) expect(await value(world.peer, `a${n}`)).toBe(large);
    });

    it('carries messages and the idempotency record along, and knows the repeat of a client', async () => {
      const idempotency = { key: 'k1', fingerprint: 'f', response: { status: 200 } };
      const outbox = [{ id: 'm1', topic: 'told', body: { to: 'bob' } }];
      await setAside(world.own, staleRun('a', ['1'], { idempotency, outbox }));
      await world.parts.store.commit(
        { aggregate: aggregateId('b'), class: 'strict', expected: null, changes: put('again'), idempotency },
        { ...within(), ack: 'replicated' },
      );
      await setAside(world.own, staleRun('b', ['1'], { idempotency }));
      expect(await world.pass()).toEqual({ settled: 2, left: 0 });
      expect(await audit(world.own)).toMatchObject([
        { action: 'adopted' },
        { action: 'superseded', reason: 'its client repeated it' },
      ]);
      const { idempotency: records } = await readAggregate(world.peer, aggregateId('a'), within());
      expect(records.get('k1')).toEqual(idempotency);
      const shards = await Promise.all([0, 1, 2, 3].map((shard) => queryAll(world.peer, outboxPk(shard), within())));
      expect(shards.flat()).toHaveLength(1);
    });

    it('leaves what others wrote over, and settles the rest of the page beside it', async () => {
      await committed('b', 'newer');
      await setAside(world.own, [...staleRun('a', ['1']), ...staleRun('b', ['1', '2']), ...staleRun('c', ['1'])]);
      expect(await world.pass()).toEqual({ settled: 2, left: 2 });
      expect((await waiting(world.own)).map(({ commit }) => commit.aggregate)).toEqual(['b', 'b']);
      expect(await value(world.own, 'b')).toBe('newer');
    });

    it('never takes in what a person discarded, though it stands among others in one transaction', async () => {
      const [first, second] = staleRun('b', ['1', '2']) as [Commit, Commit];
      const said = {
        ...rowOf(second),
        action: 'discarded',
        by: 'ann',
        reason: 'asked',
        atMs: 1,
        takenInAs: null,
      } as const;
      await world.own.write({ kind: 'put', item: reconciledItem(said) }, within());
      await setAside(world.own, [...staleRun('a', ['1']), first, second, ...staleRun('c', ['1'])]);
      expect(await world.pass()).toEqual({ settled: 4, left: 0 });
      expect((await audit(world.own)).map(({ id, action }) => `${id[0]} ${action}`)).toEqual([
        ...['a adopted', 'b adopted', 'b discarded', 'c adopted'],
      ]);
      expect(await value(world.peer, 'b')).toBe('1');
    });

    it('writes over a line that says superseded, and over no other', async () => {
      const [commit] = staleRun('a', ['1']) as [Commit];
      const said = { ...rowOf(commit), by: 'holdfast', reason: 'it was in the line', atMs: 1, takenInAs: null };
      const item = reconciledItem({ ...said, action: 'superseded' });
      await world.own.write({ kind: 'put', item }, within());
      await setAside(world.own, [commit]);
      expect(await world.pass()).toEqual({ settled: 1, left: 0 });
      expect(await audit(world.own)).toMatchObject([{ action: 'adopted', takenInAs: { epoch: NOW, version: 1 } }]);
    });

    it('lets one of two people settle it, and tells the other what became of it', async () => {
      const [commit] = staleRun('a', ['1']) as [Commit];
      await setAside(world.own, [commit]);
      const waitingRow = { row: rowOf(commit), lies: world.own, region: WEST };
      const wishes = (['adopt', 'discard'] as const).map((wish) =>
        settle(world.parts, { waiting: waitingRow, order: person(wish) }, within()),
      );
      const [one, other] = await Promise.all(wishes);
      const lines = await audit(world.own);
      expect(lines).toHaveLength(1);
      expect([one?.settled, other?.settled]).toMatchObject([
        { action: lines[0]?.action },
        { action: lines[0]?.action },
      ]);
      expect(await value(world.own, 'a')).toBe(lines[0]?.action === 'adopted' ? '1' : undefined);
      expect(await waiting(world.own)).toEqual([]);
    });

    it('takes no row away but the one that it judged', async () => {
      const [commit] = staleRun('a', ['1']) as [Commit];
      const again = { ...quarantineItem(rowOf(commit, 2)) };
      await world.own.write({ kind: 'put', item: again }, within());
      const waitingRow = { row: rowOf(commit, 1), lies: world.own, region: WEST };
      const discarding = settle(world.parts, { waiting: waitingRow, order: person('discard') }, within());
      await expect(discarding).rejects.toMatchObject({ code: 'VERSION_CONFLICT', effect: 'none' });
      expect([await audit(world.own), (await waiting(world.own)).length]).toEqual([[], 1]);
    });
  });
}
