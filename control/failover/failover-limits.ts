/** The bounds of a failover's waits, each with its reason. */

/** The old store has this long to be fenced; a store that needs longer is treated as gone, and the lease is waited out. */
export const FENCE_MS_MAX = 300;
/** With a long lease, waiting it out costs far more than asking longer: an operator may stand far from the old region. */
const FENCE_LEASE_RATIO = 0.01;
const FENCE_FAR_MS_MAX = 3_000;
/** For how long the old store is asked to close, given what waiting for the lease instead would cost. */
export const fenceMsMax = (ttlMs: number): number =>
  Math.max(FENCE_MS_MAX, Math.min(FENCE_FAR_MS_MAX, ttlMs * FENCE_LEASE_RATIO));
/** One call to the arbiter. */
export const ARBITER_MS_MAX = 1_000;
/** A read for evidence must not hold up a failover. */
export const EVIDENCE_MS_MAX = 300;
/** A failover stands or falls with the receiving store: slow is not dead, and refusing it takes longer than asking. */
export const RECEIVER_MS_MAX = 1_000;
/** Before a planned change nothing is down: its evidence has time. */
export const EVIDENCE_PLANNED_MS_MAX = 2_000;
/** Before a planned change the backlog is shipped while the old region still writes. */
export const CATCH_UP_MS_MAX = 60_000;
/** After the fence nobody writes: a planned change gives the drain this long, then gives the cell back. */
export const DRAIN_PLANNED_MS_MAX = 5_000;
/** An unplanned one would rather open and reconcile than stay away for longer. */
export const DRAIN_UNPLANNED_MS_MAX = 10_000;
/** A holder that still renews after this many take-over waits is alive: this is not a failover's business. */
export const LEASE_WAITS_MAX = 3;
/** How long the new region may take to take the lease and raise its fence, in lease TTLs. */
export const OPEN_TTLS_MAX = 2;
/** And however long the lease: a keeper that is called once a minute has had its turn, a doorbell or not. */
export const OPEN_MS_MAX = 120_000;
export const OPEN_POLL_MS = 10;
export const LEASE_POLL_MS = 50;
/** A planned change is refused while more than this waits in the journal: catch up first. */
export const PLANNED_PENDING_MAX = 100;
/** What a fenced and drained change is expected to take, detection apart. */
export const FENCED_AWAY_MS_MAX = 500;
/** A record that does not move for longer than any step takes was left behind by its coordinator. */
export const STEP_DEADLINE_MS = 15_000;
/** With a long lease the wait is the longest step: as many times what the whole change is expected to take. */
export const STEP_DEADLINE_RATIO = 4;
