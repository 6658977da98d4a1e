/** Where the record of the staged change lies, as a port. One place: two changes at once could not be told apart afterwards. */
import type { RolloutRecord } from './rollout-record.ts';

export interface Limit {
  /** No call takes longer. */
  readonly withinMs: number;
}

export interface RolloutRecords {
  /** The newest rollout, under way or over; `null`: there was none yet. Strongly consistent. Throws when the arbiter does not answer. */
  current(limit: Limit): Promise<RolloutRecord | null>;
  /**
   * Writes `next` only over version `next.recordVersion - 1`. `false`: somebody else was first. `beat`: nothing but the
   * version moved, so no copy is kept.
   */
  save(next: RolloutRecord, options: Limit & { readonly beat: boolean }): Promise<boolean>;
  /** The newest ones by number, newest first, at most `count`. */
  history(count: number, limit: Limit): Promise<readonly RolloutRecord[]>;
}
