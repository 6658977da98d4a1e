/**
 * The words of a text as a search compares them, and the match, pure. Compatibility forms and accents are folded away, so
 * that what looks alike is alike; a word of the query fits every word that begins with it.
 */

/** Of a query; more words narrow nothing that a person still oversees. */
export const QUERY_TERMS_MAX = 8;
/** Of a text; what comes later is not found. */
const TEXT_TERMS_MAX = 64;
const TERM = /[\p{Letter}\p{Number}]+/gu;
const ACCENTS = /\p{Mark}+/gu;

export function termsOf(text: string): readonly string[] {
  const folded = text.normalize('NFKD').replace(ACCENTS, '').toLowerCase();
  return [...new Set(folded.match(TERM) ?? [])].slice(0, TEXT_TERMS_MAX);
}

/** How the words of a query fit those of a text. */
export interface Fit {
  /** Words of the query that are words of the text. */
  readonly whole: number;
  /** Words of the query that only begin one. */
  readonly prefix: number;
}

/** `null` unless every word of the query begins some word of the text. */
export function fitOf(query: readonly string[], text: readonly string[]): Fit | null {
  let whole = 0;
  let prefix = 0;
  for (const wanted of query) {
    if (text.includes(wanted)) whole += 1;
    else if (text.some((term) => term.startsWith(wanted))) prefix += 1;
    else return null;
  }
  return { whole, prefix };
}
