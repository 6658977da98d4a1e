/**
 * The lease records in the arbiter. Every transition is one conditional write on the record as seen, so two that race
 * can't both succeed; the loser gets the record that won. Single-item writes only: the arbiter's global table with
 * multi-Region strong consistency has no transactions.
 */
import type { CellId, Epoch, RegionName } from '../../core/ids.ts';
import { type HeldLease, type Lease, type ReleaseProof, ttlOfText, ttlText } from '../../core/lease.ts';
import type { CallBounds } from '../cell-store.ts';
import { absent, all, type Condition, equals, type Item, type Key, type Table } from '../table/table.ts';

export type LeaseChange<L extends Lease = Lease> =
  | { readonly outcome: 'done'; readonly lease: L }
  | { readonly outcome: 'lost'; readonly existing: Lease | null };

export const leaseKey = (cell: CellId): Key => ({ pk: `LEASE#${cell}`, sk: 'LEASE' });

export class LeaseArbiter {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async read(cell: CellId, bounds: CallBounds): Promise<Lease | null> {
    return toLease(await this.#table.get(leaseKey(cell), bounds));
  }

  async readAll(cells: readonly CellId[], bounds: CallBounds): Promise<readonly Lease[]> {
    const items = await this.#table.getMany(cells.map(leaseKey), bounds);
    return items.map(toLease).filter((lease) => lease !== null);
  }

  /** Puts `next` in the place of `seen` (`null`: of nothing), or says what is there instead. */
  replace<L extends Lease>(seen: Lease | null, next: L, bounds: CallBounds): Promise<LeaseChange<L>> {
    return this.#put(next, seen === null ? absent : asSeen(seen), bounds);
  }

  /**
   * As `replace`, but whatever the counter: for a release that rests on a raised fence, which the holder's renewals
   * neither prevent nor undo.
   */
  replaceFenced<L extends Lease>(seen: HeldLease, next: L, bounds: CallBounds): Promise<LeaseChange<L>> {
    return this.#put(next, ownedAs(seen), bounds);
  }

  async #put<L extends Lease>(next: L, when: Condition, bounds: CallBounds): Promise<LeaseChange<L>> {
    const result = await this.#table.write({ kind: 'put', item: toItem(next), when }, bounds);
    if (result.outcome === 'done') return { outcome: 'done', lease: next };
    return { outcome: 'lost', existing: toLease(result.refusals[0]?.existing ?? null) };
  }
}

const ownedAs = (lease: Lease): Condition =>
  all(equals('state', lease.state), equals('epoch', lease.epoch), equals('holder', lease.holder));
const asSeen = (lease: Lease): Condition => all(ownedAs(lease), equals('counter', lease.counter));

function toItem(lease: Lease): Item {
  const { pk, sk } = leaseKey(lease.cell);
  const { state, cell, epoch, holder, counter } = lease;
  // A pinned lease's TTL has no number in a table.
  const ttlMs = Number.isFinite(lease.ttlMs) ? lease.ttlMs : ttlText(lease.ttlMs);
  const item = { pk, sk, state, cell, epoch, holder, counter, ttlMs };
  if (lease.state === 'released') return { ...item, successor: lease.successor, proof: lease.proof };
  return lease.peer === undefined ? item : { ...item, peer: lease.peer };
}

function toLease(item: Item | null): Lease | null {
  if (!item) return null;
  const held: HeldLease = {
    state: 'held',
    cell: String(item.cell) as CellId,
    epoch: Number(item.epoch) as Epoch,
    holder: String(item.holder) as RegionName,
    counter: Number(item.counter),
    ttlMs: ttlOfText(String(item.ttlMs)),
  };
  if (item.state === 'held') return item.peer === 'lost' ? { ...held, peer: 'lost' } : held;
  const successor = String(item.successor) as RegionName;
  return { ...held, state: 'released', successor, proof: String(item.proof) as ReleaseProof['kind'] };
}
