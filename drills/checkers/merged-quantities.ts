/**
 * What a merged cart may show for an article that one client wrote in both regions. Problem: a region counts what *it* added,
 * relative to what it saw; what it had not seen is added to it when the regions meet again, so the last acknowledged quantity
 * need not stand, and nothing is lost all the same.
 *
 *   A: set 1, set 5 (not yet at B)     B: sees 1, sets 3     merged: 3 + (5 − 1) = 7
 *
 * Rule: with one crossing from A to B, the merge shows q + (aₖ − aⱼ): q acknowledged last (or unknown) in B, aₖ and aⱼ
 * any quantities of A (0 before the first). A call of unknown outcome may have happened in either. More crossings make
 * sums of such differences, which allow nearly anything: those carts are judged by their equality alone.
 */
import { type Call, isOk, precedes } from '../history/call.ts';

export function mergedQuantities(writes: readonly Call[]): ReadonlySet<number> | 'any' {
  const phases = regionsInOrder(writes);
  const unknown = writes.some((write) => write.outcome === 'info');
  if (phases.length > 2 || (phases.length === 2 && phases[0] === phases[1])) return 'any';
  if (phases.length < 2 && !unknown) return new Set();
  const accepted = writes.filter((write) => write.outcome !== 'fail');
  const lastRegion = phases.at(-1);
  const elsewhere = accepted.filter((write) => !isOk(write) || write.region !== lastRegion || phases.length < 2);
  const levels = [0, ...elsewhere.map(quantityOf)];
  const last = accepted.filter((write) => !writes.some((later) => isOk(later) && precedes(write, later)));
  const shown = last.flatMap((write) => levels.flatMap((to) => levels.map((from) => quantityOf(write) + to - from)));
  return new Set(shown.map((quantity) => Math.max(0, quantity)));
}

/** The regions that acknowledged, each time they changed. */
function regionsInOrder(writes: readonly Call[]): readonly string[] {
  const regions = writes.filter(isOk).map((write) => String(write.region));
  return regions.filter((region, index) => region !== regions[index - 1]);
}

function quantityOf(write: Call): number {
  return typeof write.asked === 'number' ? write.asked : 0;
}
