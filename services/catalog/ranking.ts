/**
 * The order of what a search found, by the document `ranking`: how the words fit, and what counts for or against a product.
 * Pure; a feature that this release does not know counts nothing.
 */
import type { Ranking } from '../../core/documents/ranking-document.ts';
import type { Fit } from './search-terms.ts';

export type Weights = ReadonlyMap<string, number>;

export function weightsOf({ features }: Ranking): Weights {
  return new Map(features.map(({ name, weight }) => [name, weight]));
}

/** `words`: of the product. Bounded by them, however many features there are. */
export function scoreOf(found: { readonly fit: Fit; readonly words: readonly string[] }, weights: Weights): number {
  const { fit, words } = found;
  const weightOf = (name: string) => weights.get(name) ?? 0;
  const fits = fit.whole * weightOf('whole-word') + fit.prefix * weightOf('word-prefix');
  return words.reduce((sum, word) => sum + weightOf(`term:${word}`), fits);
}
