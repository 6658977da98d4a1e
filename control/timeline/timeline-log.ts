/** The timeline as control reads and writes it. Reading is bounded: a page of a busy hour, newest lines first to be kept. */
import type { Timeline, TimelineEntry } from '../../core/timeline/timeline.ts';

/** More lines than a person reads; a drill or a soak in the window makes some hundred. */
export const LINES_READ_MAX = 2_000;

export interface TimelineLog extends Timeline {
  /** `append` for whoever can say that a line got lost: `false`, and it may be written again under its id. Never throws; the same bound. */
  tell(entry: TimelineEntry): Promise<boolean>;
  /**
   * Lines from `fromMs` to `toMs` (wall clock), oldest first, `LINES_READ_MAX` at most: the newest of them. `more`: older ones of the window
   * were left out. Throws what the arbiter's table throws: whoever asks must know that they were not answered.
   */
  read(
    window: { readonly fromMs: number; readonly toMs: number },
    limit: { readonly withinMs: number },
  ): Promise<TimelinePage>;
}

export interface TimelinePage {
  readonly entries: readonly TimelineEntry[];
  readonly more: boolean;
  /** Lines that could not be read as such: somebody else's hand, or a newer version's. */
  readonly unreadable: number;
}
