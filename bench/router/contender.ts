/** A proxy under measurement: one process, one worker, in front of the same backend. */

export interface Contender {
  readonly name: string;
  /** `holdfast`: ours. `node`: what one would take instead on Node. `native`: the yardstick. */
  readonly kind: 'holdfast' | 'node' | 'native';
  readonly version: string;
  readonly pid: number;
  readonly port: number;
}

export interface Skipped {
  readonly name: string;
  /** Why it is not measured, and what to do about it. */
  readonly reason: string;
}

export function isSkipped(entry: Contender | Skipped): entry is Skipped {
  return 'reason' in entry;
}
