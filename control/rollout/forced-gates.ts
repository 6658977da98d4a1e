/**
 * Which gates an operator may pass by, and for what. A gate that tells of harm under way (a failover, bad answers, lag) is never
 * one of them: to force it would be to add a change to an outage.
 */
import { invalid } from '../../core/errors.ts';

export const FORCEABLE_GATES: ReadonlyMap<string, string> = new Map([
  ['freeze', 'the repair of what the freeze was declared for is itself a change'],
  ['drills', 'a drill that has ended, but whose mark has not run out yet'],
  ['error-budget', 'the budget was spent by what this change repairs'],
]);
/** How an operator says it: a deploy has no other force, a document has one for the extent of a change. */
export const forcedHow = (gate: string) =>
  `forced with a reason (deploy: --force ${gate}; document and mode: --force-gate ${gate})`;
export const FORCEABLE_NAMES = [...FORCEABLE_GATES.keys()].join(', ');
const WHY_LENGTH_MAX = 500;

/** Throws `INVALID_INPUT` for a gate that can't be forced, and for force without a reason. */
export function checkForced(forced: readonly string[], why: string): void {
  const wrong = forced.find((gate) => !FORCEABLE_GATES.has(gate));
  if (wrong !== undefined) {
    throw invalid(
      `The gate "${wrong}" can't be forced. Allowed: ${FORCEABLE_NAMES}; what any other gate sees has to end first.`,
    );
  }
  if (why.trim().length > WHY_LENGTH_MAX)
    throw invalid(`A reason of ${why.trim().length} characters. Allowed: 1–${WHY_LENGTH_MAX}.`);
  if (forced.length > 0 && why.trim().length === 0) {
    throw invalid('A gate is forced only with a reason, which stands in the record. Say it with --why.');
  }
}
