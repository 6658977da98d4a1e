/**
 * Two marks that people leave in the arbiter for those who want to change something: "no changes now" and "a drill is running".
 * Each ends by itself at an instant that its author named; the instants are wall clocks of people's machines, because no safety rests
 * on them: a mark that ends early costs an explanation, never a write.
 */
import { invalid } from '../../../core/errors.ts';
import type { Limit } from '../rollout-records.ts';

export interface Mark {
  /** `null`: nobody holds one, it was lifted. */
  readonly held: {
    readonly by: string;
    readonly why: string;
    readonly sinceMs: number;
    readonly untilMs: number;
  } | null;
  /** 0: never written. */
  readonly version: number;
}

export const MARKS = ['freeze', 'drill'] as const;
export type MarkName = (typeof MARKS)[number];

export interface MarkStore {
  /** Throws when the arbiter does not answer. */
  read(name: MarkName, limit: Limit): Promise<Mark>;
  /** Writes `next` only over version `next.version - 1`. `false`: somebody else was first. */
  write(name: MarkName, next: Mark, limit: Limit): Promise<boolean>;
}

export const UNMARKED: Mark = { held: null, version: 0 };
/** A freeze that lasts longer than this is a decision to stop working, and is worth saying again. */
export const MARK_MS_MAX = 31 * 24 * 3_600_000;
const WHY_LENGTH_MAX = 500;

/** Throws `INVALID_INPUT` without a reason or with a time that nobody means. */
export function marked(
  before: Mark,
  of: { readonly by: string; readonly why: string; readonly nowMs: number; readonly forMs: number },
): Mark {
  const why = of.why.trim();
  if (why.length === 0 || why.length > WHY_LENGTH_MAX) {
    throw invalid(`A reason of ${why.length} characters. Allowed: 1–${WHY_LENGTH_MAX}. Say why, with --why.`);
  }
  if (!(of.forMs > 0) || of.forMs > MARK_MS_MAX) throw invalid(`For ${of.forMs} ms. Allowed: up to ${MARK_MS_MAX} ms.`);
  const held = { by: of.by, why, sinceMs: of.nowMs, untilMs: of.nowMs + of.forMs };
  return { held, version: before.version + 1 };
}

export function lifted(before: Mark): Mark {
  return { held: null, version: before.version + 1 };
}

/** What holds at this instant; `null`: nothing, or it has run out. */
export function standing({ held }: Mark, nowMs: number): Mark['held'] {
  return held !== null && held.untilMs > nowMs ? held : null;
}
