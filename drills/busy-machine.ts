/**
 * Whether what came too late was the machine's doing: told by how cells that nobody touched answered at that moment. Pure. Invariants:
 * without evidence from every one of them it was not; errors are no evidence, or a fault that spreads would excuse itself.
 */
import type { LoggedAnswer } from './workload/answer-log.ts';

/** A cell answers in some ten milliseconds, on a machine with little to spare in a hundred. */
export const SLOW_MS = 500;
/** A single answer may always be late; one in twenty is a machine that stands still at times. */
export const SLOW_SHARE_MIN = 0.05;
/** Around what is looked at, so that there are enough answers to tell. */
const AROUND_MS = 1_000;

export interface Moment {
  /** Cells that tell nothing of the machine, because something was done to them. */
  readonly touched: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** What shows that the machine was busy then; `null`: nothing does. */
export function busyText(answers: readonly LoggedAnswer[], { touched, fromMs, toMs }: Moment): string | null {
  const cells = [...new Set(answers.map(({ cell }) => cell))].filter((cell) => !touched.includes(cell)).sort();
  const looks = cells.map((cell) => {
    const then = answers.filter(
      (one) => one.cell === cell && one.completedAtMs >= fromMs - AROUND_MS && one.invokedAtMs <= toMs + AROUND_MS,
    );
    const slow = then.filter(({ invokedAtMs, completedAtMs }) => completedAtMs - invokedAtMs >= SLOW_MS);
    return { cell, all: then.length, slow: slow.length };
  });
  if (looks.length === 0 || !looks.every(({ all, slow }) => slow > 0 && slow >= SLOW_SHARE_MIN * all)) return null;
  return looks.map(({ cell, all, slow }) => `${cell}: ${slow} of ${all} answers took ${SLOW_MS} ms or more`).join('; ');
}
