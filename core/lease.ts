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

/**
 * A pinned lease never expires: nobody may conclude anything from its silence. It moves only by its holder's own release, or
 * with the raised fence of the holder's store as proof.
 */
export const PINNED_TTL_MS = Number.POSITIVE_INFINITY;
const PINNED_TEXT = 'never';

/** A TTL where infinity has no number: in the arbiter's record and in an environment. */
export function ttlText(ttlMs: number): string {
  return ttlMs === PINNED_TTL_MS ? PINNED_TEXT : String(ttlMs);
}

/** `NaN` for what `ttlText` would not have written. */
export function ttlOfText(text: string): number {
  return text === PINNED_TEXT ? PINNED_TTL_MS : Number(text);
}

export interface HeldLease {
  readonly state: 'held';
  readonly cell: CellId;
  readonly epoch: Epoch;
  readonly holder: RegionName;
  /** Grows with every renewal: what a candidate watches. */
  readonly counter: number;
  readonly ttlMs: number;
  /**
   * Taken over from a store that did not answer, and nobody of this region has had an answer from it since. It tells
   * processes that begin only now what the one that took the lease knew.
   */
  readonly peer?: 'lost';
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

/** How long a candidate must see the record unmoved on its own clock; of a pinned lease for ever. */
export function takeoverWaitMs(ttlMs: number): number {
  return ttlMs * (1 + LEASE_MARGIN_RATIO);
}

/** A pinned lease is lost only to somebody who has fenced this store, and found there what was acknowledged alone. */
const PINNED_ALONE_AFTER_MS = 60_000;

/**
 * How long the peer must be silent before writes may be acknowledged without it: until a region that is cut off from the
 * arbiter, too, has lost its lease.
 */
export function aloneAfterMs(ttlMs: number): number {
  return ttlMs === PINNED_TTL_MS ? PINNED_ALONE_AFTER_MS : takeoverWaitMs(ttlMs);
}

/** The part of that time in which nobody need have asked the peer: the rest still outlasts every lease. */
export function unwitnessedMsMax(ttlMs: number): number {
  return aloneAfterMs(ttlMs) * ((2 * LEASE_MARGIN_RATIO) / (1 + LEASE_MARGIN_RATIO));
}

/** Longer than any keeper's schedule: a successor that lives has taken its lease by then. */
export const TAKE_BACK_WAIT_MS_MAX = 120_000;

/**
 * How long a record must not move before somebody else may act on it. A released lease is nobody's: there the wait only
 * gives the successor its turn, and needs no longer than that, whatever the TTL.
 */
export function unmovedWaitMs(lease: Lease): number {
  const waitMs = takeoverWaitMs(lease.ttlMs);
  return lease.state === 'held' ? waitMs : Math.min(waitMs, TAKE_BACK_WAIT_MS_MAX);
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

/** `peerAnswered`: to this process, since it began; the loss that the record tells of is over. */
export function renewed(lease: HeldLease, options: { ttlMs: number; peerAnswered: boolean }): HeldLease {
  const { state, cell, epoch, holder, counter, peer } = lease;
  const next = { state, cell, epoch, holder, counter: counter + 1, ttlMs: options.ttlMs };
  return peer === undefined || options.peerAnswered ? next : { ...next, peer };
}

export function releasedTo(
  lease: HeldLease,
  options: { successor: RegionName; proof: ReleaseProof['kind'] },
): ReleasedLease {
  const { peer: _ofTheHolder, ...kept } = lease;
  return { ...kept, state: 'released', ...options, counter: lease.counter + 1 };
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
    ...(lease.state === 'released' && lease.proof === 'expired' ? { peer: 'lost' } : {}),
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
