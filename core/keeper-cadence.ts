/**
 * How often a cell's lease is kept on Lambda, what that guarantees and what it costs: the one table that the stacks, the
 * keeper function, the cost estimate and the documentation read.
 */
import { PINNED_TTL_MS, takeoverWaitMs } from './lease.ts';
import type { KeeperCadence } from './topology-aws.ts';

/** EventBridge knows no shorter schedule. */
export const KEEPER_SCHEDULE_MS = 60_000;

/** A call that stays goes on for longer than that, because the next one may begin some seconds late. */
export const KEEPER_STAYS_MS = KEEPER_SCHEDULE_MS + 10_000;

export interface LeaseFigures {
  readonly ttlMs: number;
  readonly renewEveryMs: number;
}

export interface Cadence {
  /** Lease and renewal; `fast` takes those of the topology. */
  readonly figures: (topology: LeaseFigures) => LeaseFigures;
  /** Whether the function stays for its minute and renews on its own, or does one turn. */
  readonly stays: boolean;
  readonly guarantees: string;
  readonly costs: string;
}

/** Four renewals fit in, so three scheduled calls may fail; beyond that requests themselves renew. */
const ECONOMY = { ttlMs: 5 * KEEPER_SCHEDULE_MS, renewEveryMs: KEEPER_SCHEDULE_MS } as const;

export const CADENCES: Readonly<Record<KeeperCadence, Cadence>> = {
  fast: {
    figures: (topology) => topology,
    stays: true,
    guarantees: "away for 1.1 × the topology's TTL when the old store can't be fenced; well below a second when it can",
    costs: 'one function that always runs, in each region, and a renewal in each interval of the topology',
  },
  economy: {
    figures: () => ECONOMY,
    stays: false,
    guarantees: `away for ${takeoverWaitMs(ECONOMY.ttlMs) / 1_000} s when the old store can't be fenced; well below a second when it can`,
    costs: 'one short call and one renewal a minute',
  },
  pinned: {
    figures: () => ({ ttlMs: PINNED_TTL_MS, renewEveryMs: KEEPER_SCHEDULE_MS }),
    stays: false,
    guarantees:
      "serves however long the arbiter is away; moves only with the old store's fence as proof, so a region that is lost with its store keeps its cells until the store answers",
    costs: 'one short call and one renewal a minute; availability when a whole region is lost',
  },
};
