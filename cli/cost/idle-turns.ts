/**
 * One minute of the functions that are called while nobody uses the platform, as data: memory and time, what is read and written, and
 * what of it one region without fencing would not need. Units of the tables are what the functions ask for, which a test counts
 * (test/cli/cost-idle.test.ts); times are cautious estimates of machines that nobody here has seen, a share of cold starts in them.
 */

export interface Turn {
  readonly memoryMb: number;
  readonly durationMs: number;
  /** 0–1: what one region without fencing would not pay. */
  readonly resilience: number;
}

/** One region without fencing needs the relay (outbox) and a probe, both once instead of twice, and none of the others. */
const HALF = 0.5;

export const TURNS = {
  // A write and a strong read of the arbiter cross to a second region; the standby only reads.
  keeper: { memoryMb: 256, durationMs: 180, resilience: 1 },
  // A heartbeat that crosses to the peer, and a look into the journal.
  replicator: { memoryMb: 256, durationMs: 180, resilience: 1 },
  // One look into six places at once, one of them at the peer.
  relay: { memoryMb: 256, durationMs: 150, resilience: HALF },
  publisher: { memoryMb: 256, durationMs: 200, resilience: 1 },
  // It waits for the router of another region, which waits for its cells.
  probe: { memoryMb: 256, durationMs: 300, resilience: HALF },
  router: { memoryMb: 512, durationMs: 150, resilience: HALF },
  service: { memoryMb: 512, durationMs: 60, resilience: HALF },
} as const satisfies Readonly<Record<string, Turn>>;

export type TurnName = keyof typeof TURNS;

/** Of the turns of one function, how many begin in a new environment. */
export const COLD_STARTS = 0.1;
/** Lambda's own three lines for a call, as CloudWatch counts them: text and 26 bytes for each. */
export const LOG_BYTES_OF_LAMBDA = 400;
/** The line that a function writes itself: figures, or what a probe saw of one cell. */
export const LOG_BYTES_OF_LINE = 220;

export interface TurnUnits {
  readonly reads: number;
  readonly writes: number;
  readonly arbiterReads: number;
  readonly arbiterWrites: number;
}

/** One shard of the fence is written again as it is. */
const PROOF_WRITES = 1;
/** Shards of journal, and of outbox, each looked at by one query. */
const SHARDS = 4;

/** A lease that a process keeps beside its work: the record is read, the own store is proved to take writes, the record is renewed. */
const renewed = (perMinute: number): TurnUnits => ({
  ...{ reads: 0, writes: PROOF_WRITES * perMinute },
  ...{ arbiterReads: perMinute, arbiterWrites: perMinute },
});
/** Not before 0.4 of its validity is over: of five minutes, every second minute at most. */
const ECONOMY_RENEWALS = 0.5;

export interface Cadence {
  /** Turns of the keeper's lease a minute, each of which renews. */
  readonly beats: number;
  /** Other processes find their lease run out at each call, and take it anew. */
  readonly short: boolean;
}

/** Of one cell in the region that owns it, and in the other, by function and minute. `asked`: probes that reach the cell. */
export function unitsOfTurns(of: {
  readonly shards: number;
  readonly asked: number;
  readonly cadence: Cadence;
}): Readonly<Record<'owner' | 'standby', Readonly<Record<'keeper' | 'replicator' | 'relay' | 'service', TurnUnits>>>> {
  const { shards, asked, cadence } = of;
  const { beats, short } = cadence;
  // A process that begins reads the whole fence before it renews; the replicator also that of the peer.
  const taken: TurnUnits = { reads: shards, writes: 0, arbiterReads: 1, arbiterWrites: 1 };
  const kept = short ? taken : renewed(ECONOMY_RENEWALS);
  const begun: TurnUnits = { ...NONE, reads: COLD_STARTS * shards };
  const placement: TurnUnits = { ...NONE, arbiterReads: 1 };
  // And a new one sweeps the journal, whatever the look says.
  const looked: TurnUnits = { ...NONE, reads: 1 + SHARDS * (1 + COLD_STARTS), writes: 1 };
  const relay: TurnUnits = { ...NONE, reads: SHARDS + 2 };
  return {
    owner: {
      keeper: added(renewed(beats), begun, { ...NONE, arbiterReads: 1 }),
      replicator: added(looked, kept, placement, begun, begun),
      relay,
      // The aggregate, and the fence that confirms that this region still owns it.
      service: added({ ...NONE, reads: 2 * asked }, kept, placement, begun),
    },
    standby: {
      keeper: { ...NONE, arbiterReads: 1 + beats },
      replicator: added(looked, { ...NONE, arbiterReads: 1 }, placement),
      relay,
      service: NONE,
    },
  };
}

const NONE: TurnUnits = { reads: 0, writes: 0, arbiterReads: 0, arbiterWrites: 0 };

export function added(...all: readonly TurnUnits[]): TurnUnits {
  const sum = (key: keyof TurnUnits) => all.reduce((total, units) => total + units[key], 0);
  return {
    reads: sum('reads'),
    writes: sum('writes'),
    arbiterReads: sum('arbiterReads'),
    arbiterWrites: sum('arbiterWrites'),
  };
}
