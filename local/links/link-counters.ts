/** What a link has seen: enough to tell a fault that took effect from one that met no traffic. Only ever grows, but for `open`. */

export interface LinkCounters {
  readonly connections: number;
  /** Connections that stand now. */
  readonly open: number;
  /** Connections refused or reset, by a fault or because the target was away. */
  readonly resets: number;
  /** Chunks and connection attempts that a cut held back. */
  readonly held: number;
  /** Chunks that were delayed. */
  readonly delayed: number;
  /** Chunks and repeats of chunks that were lost on the way. */
  readonly lost: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export type MutableLinkCounters = { -readonly [Key in keyof LinkCounters]: LinkCounters[Key] };

export function noCounts(): MutableLinkCounters {
  return { connections: 0, open: 0, resets: 0, held: 0, delayed: 0, lost: 0, bytesUp: 0, bytesDown: 0 };
}
