/** "Did you mean …": the known name that takes the fewest edits, if it is near enough to be a slip of the fingers. */
import { invalid, type PlatformError } from '../core/errors.ts';
import { shown } from '../core/ids.ts';

/** Names longer than this are no typing mistakes; it also bounds the work. */
const NAME_LENGTH_MAX = 64;

export function nearest(name: string, known: readonly string[]): string | null {
  if (name.length > NAME_LENGTH_MAX) return null;
  let best: { readonly name: string; readonly edits: number } | null = null;
  for (const candidate of known) {
    const edits = editsBetween(name.toLowerCase(), candidate.toLowerCase());
    if (best === null || edits < best.edits) best = { name: candidate, edits };
  }
  // A third of the word: "regoin-lost" is a slip, "banana" is another word.
  return best !== null && best.edits <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : null;
}

/** A usage error (exit 2) that names what was seen, the nearest, and all that is allowed. */
export function unknownName(what: string, seen: string, known: readonly string[]): PlatformError {
  const suggestion = nearest(seen, known);
  const hint = suggestion === null ? '' : ` Did you mean ${suggestion}?`;
  const allowed = known.length > 0 ? known.join(', ') : 'none, there are none here';
  return invalid(`Unknown ${what} ${shown(seen)}.${hint}\nAllowed: ${allowed}.`, { what, seen, allowed: known });
}

/** Levenshtein with transpositions of neighbours (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, at(beforeLast, j - 2) + 1);
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
