/** Consistency classes and the one place where a route declares what it needs in order to be accepted. */

/**
 * What an operation does when leadership is in doubt:
 * `strict` stops without a live lease; `leased` goes on until the lease's bound; `mergeable` goes on anywhere and is
 * merged on replication.
 */
export type ConsistencyClass = 'strict' | 'leased' | 'mergeable';

/** How much the business needs the route: what is shed first is `optional`. */
export type Tier = 'essential' | 'important' | 'optional';

/** When a write is acknowledged: when this region's store has it, or when the peer region's store has it too (RPO 0). */
export type AckMode = 'local' | 'replicated';

/** Whether a region that is not active may answer a read from its copy, when the caller says how old that may be. */
export interface StandbyReads {
  /** However much the caller allows, never older than this. */
  readonly stalenessMsMax: number;
  /** With nothing heard of the owner: `refuse`, or answer older than asked for and say so (`x-degraded: stale`). */
  readonly withoutOwner: 'refuse' | 'answer-stale';
}

/** What a caller may allow: beyond a minute a copy is no answer to "now" any more. */
export const MAX_STALENESS_ASKED_MS = 60_000;

export interface RoutePolicy {
  readonly class: ConsistencyClass;
  readonly tier: Tier;
  /** The longest that the route may take when the caller names no shorter deadline. */
  readonly deadlineMs: number;
  /** `required`: without an idempotency key the request is refused. `natural`: doing it twice is doing it once. */
  readonly idempotency: 'required' | 'natural';
  /** Reads declare `none`. */
  readonly ack: AckMode | 'none';
  /** Reads only. Absent: a fenced route is answered by the active region alone, a mergeable one by either without a bound. */
  readonly standbyReads?: StandbyReads;
}
