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

export interface RoutePolicy {
  readonly class: ConsistencyClass;
  readonly tier: Tier;
  /** The longest that the route may take when the caller names no shorter deadline. */
  readonly deadlineMs: number;
  /** `required`: without an idempotency key the request is refused. `natural`: doing it twice is doing it once. */
  readonly idempotency: 'required' | 'natural';
  /** Reads declare `none`. */
  readonly ack: AckMode | 'none';
}
