/**
 * Every answer that clients got by way of the routers while somebody listened: whose it was, whether it was an error, and which
 * release gave it. What a promise of the kind "nobody else saw an error" is judged by. Bounded by the history, which takes no more calls.
 */
import { BUSINESS_CODES } from '../report/blast-radius.ts';
import type { Entry, SeenCall } from './entry.ts';

export interface LoggedAnswer {
  readonly tenant: string;
  readonly cell: string;
  readonly invokedAtMs: number;
  readonly completedAtMs: number;
  /** Its code; `null`: what was asked for, or what the product says when all is well. */
  readonly error: string | null;
  /** `null`: nobody said; answers of a router's own name none. */
  readonly release: string | null;
}

/** Listens from now on. */
export function logAnswers(entry: Pick<Entry, 'onAnswer'>): readonly LoggedAnswer[] {
  const answers: LoggedAnswer[] = [];
  entry.onAnswer((seen) => answers.push(loggedAnswer(seen)));
  return answers;
}

function loggedAnswer({ tenant, invokedAtMs, completedAtMs, outcome }: SeenCall): LoggedAnswer {
  const error = outcome.type === 'ok' || BUSINESS_CODES.has(outcome.code) ? null : outcome.code;
  const { id, cell } = tenant;
  return { tenant: id, cell, invokedAtMs, completedAtMs, error, release: outcome.release ?? null };
}

/** Requests a second; 0 without any. */
export function rateOf(answers: readonly LoggedAnswer[], { fromMs, toMs }: { fromMs: number; toMs: number }): number {
  const inside = answers.filter(({ invokedAtMs }) => invokedAtMs >= fromMs && invokedAtMs <= toMs);
  return toMs > fromMs ? (1_000 * inside.length) / (toMs - fromMs) : 0;
}

/** `CLIENT_TIMEOUT of c02 at 12.3 s`, the first of them, for findings. */
export function errorsText(errors: readonly LoggedAnswer[]): string {
  const shown = errors.slice(0, SHOWN_MAX).map(({ error, cell, completedAtMs, release }) => {
    return `${error} of ${cell} at ${(completedAtMs / 1_000).toFixed(1)} s${release === null ? '' : ` by ${release}`}`;
  });
  const more = errors.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const SHOWN_MAX = 5;
