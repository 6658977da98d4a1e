/**
 * The lease of a cell: who may write, told without comparing two clocks.
 *
 * Problem: a region must be able to take a cell over from a region that it can't reach, and the old one must have
 * stopped by then. Obstacle: no clock of one machine may be compared with another's. Rule: the holder counts its validity
 * from *before it sent* the renewal on its own clock, less a margin; a candidate counts from when it *saw* the record
 * move, on its own clock, plus a margin. Only the rates of the two clocks must agree, to within the margins.
 *
 *   holder      send──▶effect            valid until send + 0.9 TTL │ stops
 *   candidate            └──▶seen                     waits until seen + 1.1 TTL │ takes epoch + 1
 *
 * Every transition is one conditional write on (epoch, holder, counter) as seen. Sources: Gray & Cheriton, "Leases"
 * (SOSP 1989); Kleppmann, "How to do distributed locking" (2016) for the fencing token.
 */
import { type CellId, type Epoch, nextEpoch, type RegionName } from './ids.ts';

/** The holder stops this much early, the candidate waits this much longer: together they bound clock-rate drift. */
export const LEASE_MARGIN_RATIO = 0.1;

export interface HeldLease {
  readonly state: 'held';
  readonly cell: CellId;
  readonly epoch: Epoch;
  readonly holder: RegionName;
  /** Grows with every renewal: what a candidate watches. */
  readonly counter: number;
  readonly ttlMs: number;
}

/** Given up in favour of `successor`: only it may take the lease at once; `holder` may take it back after a wait. */
export interface ReleasedLease {
  readonly state: 'released';
  readonly cell: CellId;
  readonly epoch: Epoch;
  readonly holder: RegionName;
  readonly successor: RegionName;
  /** What made the release safe; tells the successor whether the old region's store could still be reached. */
  readonly proof: ReleaseProof['kind'];
  readonly counter: number;
  readonly ttlMs: number;
}

export type Lease = HeldLease | ReleasedLease;

/** What makes a release by somebody other than the holder safe. */
export type ReleaseProof =
  /** The holder's own, given up on purpose. */
  | { readonly kind: 'holder' }
  /** The holder's store enforces a fence above the lease's epoch: nothing can be committed there any more. */
  | { readonly kind: 'fenced'; readonly fenceEpoch: Epoch }
  /** The record did not move for `takeoverWaitMs` on the releaser's own clock. */
  | { readonly kind: 'expired'; readonly seen: HeldLease };

export type TakeRight = 'holder' | 'successor' | 'wait' | 'never';

/** How long the holder may act after it *sent* a renewal. */
export function holderValidityMs(ttlMs: number): number {
  return ttlMs * (1 - LEASE_MARGIN_RATIO);
}

/** How long a candidate must see the record unmoved on its own clock. */
export function takeoverWaitMs(ttlMs: number): number {
  return ttlMs * (1 + LEASE_MARGIN_RATIO);
}

export function firstGrant(options: { cell: CellId; holder: RegionName; ttlMs: number; ownFence: number }): HeldLease {
  return {
    state: 'held',
    cell: options.cell,
    epoch: nextEpoch(options.ownFence),
    holder: options.holder,
    counter: 1,
    ttlMs: options.ttlMs,
  };
}

export function renewed(lease: HeldLease, ttlMs: number): HeldLease {
  return { ...lease, counter: lease.counter + 1, ttlMs };
}

export function releasedTo(
  lease: HeldLease,
  options: { successor: RegionName; proof: ReleaseProof['kind'] },
): ReleasedLease {
  return { ...lease, state: 'released', ...options, counter: lease.counter + 1 };
}

/** The next owner's lease: above the record's epoch *and* above the fence of the taker's own store. */
export function taken(lease: Lease, options: { by: RegionName; ttlMs: number; ownFence: number }): HeldLease {
  return {
    state: 'held',
    cell: lease.cell,
    epoch: nextEpoch(Math.max(lease.epoch, options.ownFence)),
    holder: options.by,
    counter: lease.counter + 1,
    ttlMs: options.ttlMs,
  };
}

/** What `region` may do with the lease as it stands: renew it, take it at once, take it after the wait, or nothing. */
export function takeRight(lease: Lease, region: RegionName): TakeRight {
  switch (lease.state) {
    case 'held':
      return lease.holder === region ? 'holder' : 'never';
    case 'released':
      if (lease.successor === region) return 'successor';
      return lease.holder === region ? 'wait' : 'never';
  }
}

export function sameRecord(a: Lease, b: Lease): boolean {
  return a.state === b.state && a.epoch === b.epoch && a.holder === b.holder && a.counter === b.counter;
}
