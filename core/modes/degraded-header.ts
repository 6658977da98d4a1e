/**
 * `x-degraded`: all that an answer could not do, as a list with commas in a fixed order, so that two answers which lack the same
 * read the same: what a write lacks, what a read lacks, then the level, then switches by name.
 */

export const DEGRADED_HEADER = 'x-degraded';
/** From a cell to its router, and no further: this refusal is a person's order, and says nothing of how the region is. */
export const SWITCHED_OFF_HEADER = 'x-holdfast-switched-off';

/** Said of one answer; whatever else stands in the list is a mode that is set for the operation. */
const OF_AN_ANSWER = ['unreplicated', 'stale', 'session-lost'] as const;
export type AnswerLack = (typeof OF_AN_ANSWER)[number];

const LEVEL = /^level-\d+$/;

/** `null`: nothing is lacking, and there is no header. */
export function degradedHeader(tokens: readonly string[]): string | null {
  const sorted = [...new Set(tokens)].sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
  return sorted.length === 0 ? null : sorted.join(', ');
}

/** The tokens of a header, in its order. */
export function degradedTokens(header: string | null): readonly string[] {
  return (header ?? '')
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

function placeOf(token: string): number {
  const at = (OF_AN_ANSWER as readonly string[]).indexOf(token);
  if (at >= 0) return at;
  return LEVEL.test(token) ? OF_AN_ANSWER.length : OF_AN_ANSWER.length + 1;
}
