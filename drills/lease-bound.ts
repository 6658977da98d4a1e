/**
 * What strict writes must do when leases can't be renewed: go on until the bound, then stop, and say so instead of hanging. Pure,
 * over what probes saw; a client that gave up before it was answered is neither for nor against it.
 */
import type { Expectation } from './report/drill-run.ts';
import type { CellAnswers } from './workload/probe-log.ts';

/** Of all probes: fewer answers than this, and the cell hung, or was not asked. */
export const ANSWERED_SHARE_MIN = 0.9;
/** A bound of two seconds on a busy machine leaves room for a handful; fewer say nothing. */
export const PROBES_MIN = 3;
/** What a cell says that has stopped in time: certainly nothing was done. */
const HONEST: ReadonlySet<string> = new Set(['LEASE_NOT_HELD', 'NOT_ACTIVE']);

/** While the lease lasts: whoever was answered was served. */
export function servesToTheBound(cell: string, seen: CellAnswers): readonly Expectation[] {
  const refused = [...seen.codes].filter(([code]) => isAnswer(code)).map(([code, times]) => `${code} ×${times}`);
  return [
    {
      held: seen.acknowledged === seen.answered,
      otherwise: `${cell} answered ${seen.answered - seen.acknowledged} of ${seen.probes} strict writes with a refusal although its lease held: ${refused.join(', ')}.`,
    },
    answers(cell, { seen, when: 'while its lease held' }),
  ];
}

/** After it, whatever else happens: nobody is told that a write stands. */
export function acknowledgesNothing(cell: string, { acknowledged }: CellAnswers): Expectation {
  const otherwise = `${cell} acknowledged ${acknowledged} strict writes that were begun after its lease must have run out.`;
  return { held: acknowledged === 0, otherwise };
}

/** After it, while nothing is restarted: everybody is told at once that nothing was done. */
export function refusesHonestly(cell: string, seen: CellAnswers): readonly Expectation[] {
  const others = [...seen.codes].filter(([code]) => isAnswer(code) && !HONEST.has(code));
  const said = others.map(([code, times]) => `${code} ×${times}`).join(', ');
  return [
    {
      held: others.length === 0,
      otherwise: `${cell} did not say that it holds no lease: ${said}. Allowed: ${[...HONEST].join(', ')}.`,
    },
    answers(cell, { seen, when: 'after its lease was out' }),
  ];
}

/** Why nothing can be said of this cell; empty: enough was asked. */
export function tooFew(cell: string, { seen, when }: { readonly seen: CellAnswers; readonly when: string }): string[] {
  return seen.probes >= PROBES_MIN
    ? []
    : [`${cell} was asked for ${seen.probes} strict writes ${when}, fewer than ${PROBES_MIN}.`];
}

function answers(cell: string, { seen, when }: { readonly seen: CellAnswers; readonly when: string }): Expectation {
  return {
    held: seen.answered >= seen.probes * ANSWERED_SHARE_MIN,
    otherwise: `${cell} answered only ${seen.answered} of ${seen.probes} strict writes ${when}.`,
  };
}

/** Codes of the client's own sockets and deadline are written otherwise than those of answers. */
function isAnswer(code: string): boolean {
  return code !== 'CLIENT_TIMEOUT' && !/^(E[A-Z]+|UND_ERR_.*)$/.test(code);
}
