/** What one may set for a drill, with the defaults and why they are what they are. */
import type { Pace } from './workload/prober.ts';

export interface DrillOptions {
  /** The region that is hurt, or left; default: the home of the first cell. */
  readonly region: string | null;
  /** For drills that move one cell; default: the first that is active in `region`. */
  readonly cell: string | null;
  /** `region-lost`: only compute dies, the old stores stay reachable. */
  readonly keepStores: boolean;
  /** One of the drill's `variants`; `null`: the seed decides. An experiment finds its choice here, never `null`. */
  readonly variant: string | null;
  /** Of each cell; the first one is the prober's. */
  readonly tenantsPerCell: number;
  readonly shoppersPerTenant: number;
  /** Calls of all shoppers a second. Two cores carry this beside the platform itself. */
  readonly shopperRate: number;
  /** Of the cells that are hit, while they are hit: the resolution of every time away. */
  readonly fineProbe: Pace;
  /** At all other times. Its deadline is long: a busy machine is slow, which is not the same as away. */
  readonly coarseProbe: Pace;
  readonly shopperDeadlineMs: number;
  /** Probes of a cell that fail in a row before a client calls it down. */
  readonly detectAfterFailures: number;
  /** A client that notices nothing for this long after a fault was not hit by it. */
  readonly detectWithinMs: number;
  /** Load before the steady state is looked at, so that connections and code are warm. */
  readonly warmUpMs: number;
  /** The window over which the steady state is judged. */
  readonly steadyMs: number;
  /** Load on the new owner before the fault is healed. */
  readonly holdMs: number;
  /** From the word of an experiment's maker that it runs to its effect; and from its end until nothing shows any more. */
  readonly experimentBitesWithinMs: number;
  /** A drill that takes longer is broken off and healed. */
  readonly experimentMsMax: number;
}

export const DRILL_DEFAULTS: DrillOptions = {
  region: null,
  cell: null,
  keepStores: false,
  variant: null,
  tenantsPerCell: 3,
  shoppersPerTenant: 2,
  shopperRate: 30,
  fineProbe: { intervalMs: 40, deadlineMs: 400, openMax: 8 },
  coarseProbe: { intervalMs: 200, deadlineMs: 2_000, openMax: 2 },
  shopperDeadlineMs: 2_000,
  detectAfterFailures: 3,
  detectWithinMs: 10_000,
  warmUpMs: 1_000,
  steadyMs: 1_500,
  holdMs: 1_500,
  // AWS FIS tells functions by way of a bucket, which they look into now and then.
  experimentBitesWithinMs: 150_000,
  // Longer than the slowest drill's waits together.
  experimentMsMax: 180_000,
};
