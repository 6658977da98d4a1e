/**
 * The document `sampling`: which requests leave a line in the log of the process that answered them. What went wrong nearly
 * always, what was slow often, the rest seldom: lines cost money and are read when something is wrong.
 */
import type { DocumentType } from './document-type.ts';
import { readInteger, readMembers, readNumber } from './read-body.ts';

export interface Sampling {
  /** Of requests that the platform failed: 5xx. All shares are 0–1. */
  readonly failedShare: number;
  /** Of those that took longer than `slowMs`. */
  readonly slowShare: number;
  readonly slowMs: number;
  readonly otherShare: number;
  /** By how much `slowShare` and `otherShare` grow for an answer with `x-degraded`. */
  readonly degradedFactor: number;
}

const SHARE = { min: 0, max: 1 };
const SLOW_MS = { min: 1, max: 60_000 };
const FACTOR = { min: 1, max: 100 };
/** In one edition, up: lines are paid by size, and ten times as many are ten times the bill. */
const GROWTH_RATIO_MAX = 10;

const SHARES = ['failedShare', 'slowShare', 'otherShare'] as const;

export const samplingDocument: DocumentType<Sampling> = {
  name: 'sampling',
  summary: 'Which requests leave a line in the log: shares of the failed, the slow and the rest.',
  staging: 'waves',
  bytesMax: 4 * 1024,
  bundled: { failedShare: 1, slowShare: 0.5, slowMs: 500, otherShare: 0.01, degradedFactor: 10 },
  parse: (value) => {
    const members = readMembers(value, { path: '$', required: [...SHARES, 'slowMs', 'degradedFactor'] });
    const share = (name: (typeof SHARES)[number]) => readNumber(members.get(name), { path: `$.${name}`, ...SHARE });
    return {
      failedShare: share('failedShare'),
      slowShare: share('slowShare'),
      slowMs: readInteger(members.get('slowMs'), { path: '$.slowMs', ...SLOW_MS }),
      otherShare: share('otherShare'),
      degradedFactor: readNumber(members.get('degradedFactor'), { path: '$.degradedFactor', ...FACTOR }),
    };
  },
  check: (body, { before }) =>
    // From nothing any share is more; the bundled default shows what is usual.
    SHARES.filter((name) => before[name] > 0 && body[name] > before[name] * GROWTH_RATIO_MAX).map((name) => ({
      kind: 'delta' as const,
      message: `$.${name} goes from ${before[name]} to ${body[name]}. Allowed in one edition: ${GROWTH_RATIO_MAX} times as much.`,
    })),
  isSafeDirection: (before, after) =>
    SHARES.every((name) => after[name] <= before[name]) &&
    after.slowMs >= before.slowMs &&
    after.degradedFactor <= before.degradedFactor,
};

export interface Answered {
  readonly failed: boolean;
  readonly degraded: boolean;
  readonly durationMs: number;
}

/** With what chance a request leaves a line, and under which heading; the first that fits counts. */
export function shareOf(
  { failedShare, slowShare, slowMs, otherShare, degradedFactor }: Sampling,
  { failed, degraded, durationMs }: Answered,
): { readonly because: 'failed' | 'slow' | 'other'; readonly share: number } {
  if (failed) return { because: 'failed', share: failedShare };
  const factor = degraded ? degradedFactor : 1;
  if (durationMs > slowMs) return { because: 'slow', share: Math.min(1, slowShare * factor) };
  return { because: 'other', share: Math.min(1, otherShare * factor) };
}
