/**
 * A proposal: what automation would do if it were allowed to, with the decision record filled in, for a person to approve. It
 * lapses by itself, and is withdrawn as soon as the two signals no longer agree. The instant is for people; what an approval
 * rests on is the lease as it was seen: a holder that has renewed since is alive, whatever any clock says.
 */
import { PlatformError } from '../../../core/errors.ts';
import type { CellId } from '../../../core/ids.ts';
import type { Lease } from '../../../core/lease.ts';
import type { Decision } from '../failover-record.ts';

export interface Proposal {
  readonly cell: CellId;
  readonly decision: Decision;
  /** The lease's renewal counter when it was proposed. */
  readonly seenCounter: number;
  /** Why automation does not do it by itself. */
  readonly heldBecause: string;
  readonly expiresAtMs: number;
}

/** What changed since it was proposed; empty: it may be approved. */
export function changedSince(proposal: Proposal, now: { readonly lease: Lease; readonly wallMs: number }): string[] {
  const { decision, seenCounter, expiresAtMs } = proposal;
  const { lease } = now;
  const found: string[] = [];
  if (now.wallMs >= expiresAtMs) found.push('it has lapsed');
  if (lease.epoch !== decision.seenEpoch || lease.holder !== decision.from || lease.state !== 'held') {
    found.push(`${lease.holder} has the lease now (epoch ${lease.epoch}, ${lease.state})`);
  } else if (lease.counter !== seenCounter) found.push(`${lease.holder} has renewed its lease since: it is alive`);
  return found;
}

export function refuseChanged(proposal: Proposal, changes: readonly string[]): void {
  if (changes.length === 0) return;
  throw new PlatformError({
    code: 'FAILOVER_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `The proposal for ${proposal.cell} no longer stands: ${changes.join('; ')}. See "holdfast automation proposals"; to move the cell in spite of it, "holdfast failover run ${proposal.cell}".`,
    details: { cell: proposal.cell, changes },
  });
}
