/**
 * Whether this region may answer a read from what its store has, and how old that answer is. A fenced aggregate is current
 * at the active region only; elsewhere there is a copy, which the caller has to have asked for with a bound. Invariant: the
 * age that is told holds at the moment of the answer, however long the read took, because it is counted from an instant
 * (on this process's own clock) up to which the copy is known to be complete.
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { MAX_STALENESS_ASKED_MS, type RoutePolicy } from '../../core/consistency.ts';
import { invalid, isPlatformError, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { OperationMode } from '../../core/modes/effective-modes.ts';
import { howOf } from '../../core/modes/grant.ts';

export const MAX_STALENESS_HEADER = 'x-max-staleness-ms';
const STALENESS = /^(0|[1-9]\d{0,4})$/;
/** Several heartbeats: an owner that was not heard of for this long is in doubt, whatever the record says. */
export const OWNER_SILENT_MS = 5_000;

export type Freshness =
  /** The region that owns the data answers, or nobody asked for a bound. */
  | { readonly kind: 'unbounded' }
  /** Complete up to `completeToMs`, which must be at most `allowedMs` ago when the answer leaves. */
  | { readonly kind: 'bounded'; readonly completeToMs: number; readonly allowedMs: number }
  /** Older than asked for, or of unknown age, and the route prefers that to no answer while the owner is silent. */
  | { readonly kind: 'stale'; readonly completeToMs: number | null };

const STORE_FAILED: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_THROTTLED', 'DEADLINE_EXCEEDED']);
const UNBOUNDED: Freshness = { kind: 'unbounded' };

/** The bound that the caller asked for; `null` without one. Throws `INVALID_INPUT`. */
export function askedStalenessMs(value: string | undefined): number | null {
  if (value === undefined) return null;
  if (STALENESS.test(value) && Number(value) <= MAX_STALENESS_ASKED_MS) return Number(value);
  throw invalid(
    `Not a bound: ${shown(value)} in ${MAX_STALENESS_HEADER}. Allowed: whole milliseconds, 0–${MAX_STALENESS_ASKED_MS}.`,
  );
}

/** Without a bound of the caller's: that of the mode, while it lets reads come from a copy; `null`: it does not. */
export function copyBoundMs({ grant, operation }: OperationMode): number | null {
  return howOf(grant).includes('from-copy') ? (operation.copy?.stalenessMsMax ?? null) : null;
}

/** `null`: this region may not answer from its copy at all, so it has to be the active one. Throws `COPY_BEHIND`. */
export function judgeFreshness(
  runtime: CellRuntime,
  { policy, askedMs }: { readonly policy: RoutePolicy; readonly askedMs: number | null },
): Freshness | null {
  const merged = policy.class === 'mergeable';
  if (!merged && runtime.standing().state === 'active') return UNBOUNDED;
  if (policy.ack !== 'none' || askedMs === null || policy.standbyReads === undefined) return merged ? UNBOUNDED : null;
  const { stalenessMsMax, withoutOwner } = policy.standbyReads;
  const allowedMs = Math.min(askedMs, stalenessMsMax);
  const ageMs = merged ? runtime.stalenessMs() : runtime.copyStalenessMs();
  const completeToMs = ageMs === null ? null : runtime.clock.monotonicMs() - ageMs;
  if (completeToMs !== null && ageMs !== null && ageMs <= allowedMs)
    return { kind: 'bounded', completeToMs, allowedMs };
  if (withoutOwner === 'answer-stale' && (merged || isOwnerSilent(runtime, ageMs)))
    return { kind: 'stale', completeToMs };
  throw copyBehind({ ageMs, allowedMs });
}

/** The age of an answer that leaves now; `null`: not known, or none of this region's copy. Throws `COPY_BEHIND`. */
export function ageOfAnswerMs(runtime: CellRuntime, freshness: Freshness): number | null {
  if (freshness.kind === 'unbounded' || freshness.completeToMs === null) return null;
  const ageMs = runtime.clock.monotonicMs() - freshness.completeToMs;
  if (freshness.kind === 'bounded' && ageMs > freshness.allowedMs)
    throw copyBehind({ ageMs, allowedMs: freshness.allowedMs });
  return ageMs;
}

function isOwnerSilent(runtime: CellRuntime, ageMs: number | null): boolean {
  const standing = runtime.standing();
  if (standing.state !== 'standby') return false;
  // Who never hears the owner knows only whether there is one.
  const unheard = runtime.hearsPeer && (ageMs === null || ageMs > OWNER_SILENT_MS);
  return standing.owner === null || unheard;
}

/**
 * The store of this region failed, and a mode lets the read come from a copy, so from the other region's as well: sent on, as what
 * this region does not have. Anything else is thrown as it was.
 */
export function askOtherRegion(thrown: unknown): never {
  if (!isPlatformError(thrown) || !STORE_FAILED.has(thrown.code)) throw thrown;
  throw new PlatformError({
    code: 'COPY_BEHIND',
    kind: 'caller',
    effect: 'none',
    message: 'The store of this region does not answer. The other region may answer from its copy.',
    cause: thrown,
  });
}

function copyBehind({ ageMs, allowedMs }: { ageMs: number | null; allowedMs: number }): PlatformError {
  const age = ageMs === null ? 'of unknown age' : `up to ${Math.ceil(ageMs)} ms old`;
  return new PlatformError({
    code: 'COPY_BEHIND',
    kind: 'caller',
    effect: 'none',
    message: `The copy in this region is ${age}; allowed were ${allowedMs} ms. Ask the active region, or allow more.`,
  });
}
