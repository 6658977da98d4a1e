/**
 * What a level promises against what clients were answered: pure. The promise is read from the table that the platform acts on
 * (core/modes), what happened only from answers: status, code, headers and body. Invariant: nothing that an answer says of its own
 * level is believed; it is compared with the level that was set.
 */
import { degradedTokens } from '../../core/modes/degraded-header.ts';
import { grantText, howOf, type Reduction } from '../../core/modes/grant.ts';
import { type Level, promised } from '../../core/modes/ladder.ts';
import { OPERATIONS, type Operation } from '../../core/modes/operations.ts';
import type { Outcome } from '../workload/outcome.ts';
import { membersOf } from '../workload/product.ts';

export interface LadderAnswer {
  readonly operation: Operation;
  /** `standby`: the host of the region that does not own the cell, asked directly; reads only. */
  readonly asked: 'router' | 'standby';
  readonly outcome: Outcome;
}

export interface Known {
  readonly level: Level;
  /** The region that owns the cell. */
  readonly owner: string;
  /** What the search finds, best first, by sku; not in the order of skus, or nothing could be told of an order. */
  readonly best: readonly string[];
}

/** What was otherwise than promised, each a sentence; none: all of it was kept. */
export function complaintsOf(answer: LadderAnswer, known: Known): readonly string[] {
  const { operation, asked, outcome } = answer;
  const grant = promised(known.level, operation.name);
  const name = `${operation.name} at level ${known.level}${asked === 'standby' ? ', asked of the standby' : ''}`;
  const said = outcome.type === 'ok' ? `${outcome.status}` : `${outcome.status} ${outcome.code}`;
  const found = (text: string) => `${name}: ${text} (${said}; promised: ${grantText(grant)}).`;
  if (grant.kind === 'refused') return refusalLacks(answer, known).map(found);
  if (isBehind(answer, known.level)) return [];
  if (!mayAnswer(answer, howOf(grant)))
    return isNotActive(outcome) ? [] : [found('a copy was shown that nobody may show')];
  if (outcome.type !== 'ok') return [found('it was not served')];
  const wanted = grant.kind === 'reduced' ? [`level-${known.level}`] : [];
  return [...marked(outcome, wanted), ...bodyLacks(answer, { known, how: howOf(grant) })].map(found);
}

/** A copy that is older than it may be is refused where the table says so: no broken promise, and no kept one. */
export function isBehind({ operation, asked, outcome }: LadderAnswer, level: Level): boolean {
  const fromCopy = howOf(promised(level, operation.name)).includes('from-copy');
  const mayRefuse = asked === 'standby' && fromCopy && operation.copy?.withoutOwner === 'refuse';
  return mayRefuse && outcome.type !== 'ok' && outcome.code === 'COPY_BEHIND';
}

/** What only its owner knows, the standby shows when the level says that it may, and at no other time. */
function mayAnswer({ operation, asked }: LadderAnswer, how: readonly Reduction[]): boolean {
  return asked === 'router' || operation.class === 'mergeable' || how.includes('from-copy');
}

function isNotActive(outcome: Outcome): boolean {
  return outcome.type !== 'ok' && outcome.code === 'NOT_ACTIVE';
}

/** The honest refusal: nothing was done, by what, until when, when to try again, and what works instead. */
function refusalLacks({ operation, outcome }: LadderAnswer, { level }: Known): readonly string[] {
  if (outcome.type !== 'fail' || outcome.code !== 'DEGRADED' || outcome.status !== 503)
    return ['it was not refused as switched off, without effect'];
  const { off, by, until, stillWorks } = membersOf(outcome.body);
  const works = OPERATIONS.filter(({ name }) => promised(level, name).kind !== 'refused').map(({ name }) => name);
  const cause = `level-${level}`;
  return [
    ...(off === operation.name ? [] : [`it says that ${JSON.stringify(off ?? null)} is off`]),
    ...(sameList(by, [cause]) ? [] : [`it says that it is off by ${JSON.stringify(by ?? null)}`]),
    ...(Number.isFinite(Date.parse(String(until))) ? [] : [`it says no end, but ${JSON.stringify(until ?? null)}`]),
    ...((outcome.retryAfterS ?? 0) >= 1 ? [] : ['it does not say when to try again']),
    ...(sameSet(stillWorks, works)
      ? []
      : [`it says that ${JSON.stringify(stillWorks ?? null)} works; by the table: ${works.join(', ')}`]),
    ...marked(outcome, [cause]),
  ];
}

function marked({ degraded }: Outcome, wanted: readonly string[]): readonly string[] {
  const levels = degradedTokens(degraded ?? null).filter((token) => token.startsWith('level-'));
  return sameList(levels, wanted)
    ? []
    : [`x-degraded names ${levels.join(', ') || 'no level'} instead of ${wanted.join(', ') || 'none'}`];
}

function bodyLacks(
  answer: LadderAnswer,
  { known, how }: { readonly known: Known; readonly how: readonly Reduction[] },
): readonly string[] {
  const { name } = answer.operation;
  return [
    ...(name === 'searchProducts'
      ? orderLacks(answer, { best: known.best, ranked: !how.includes('default-order') })
      : []),
    ...(name === 'getLikes' ? countLacks(answer, { counted: !how.includes('no-count') }) : []),
    ...ageLacks(answer, { owner: known.owner, fromCopy: how.includes('from-copy') }),
  ];
}

function orderLacks({ outcome }: LadderAnswer, of: { best: readonly string[]; ranked: boolean }): readonly string[] {
  const { products } = membersOf(outcome.body);
  const seen = Array.isArray(products) ? products.map((product) => String(membersOf(product).sku)) : [];
  const wanted = of.ranked ? of.best : [...of.best].sort();
  return sameList(seen, wanted) ? [] : [`found ${seen.join(', ') || 'nothing'} instead of ${wanted.join(', ')}`];
}

function countLacks({ outcome }: LadderAnswer, { counted }: { counted: boolean }): readonly string[] {
  const { likes } = membersOf(outcome.body);
  const held = counted ? typeof likes === 'number' : likes === null;
  return held ? [] : [`the count of likes is ${JSON.stringify(likes ?? null)}`];
}

/** A copy says how old it is, and is no older than the table allows, unless that is what it says. */
function ageLacks({ operation, outcome }: LadderAnswer, of: { owner: string; fromCopy: boolean }): readonly string[] {
  if (operation.kind === 'write' || operation.class === 'mergeable') return [];
  const { stalenessMs = null, region } = outcome;
  if (!of.fromCopy) return stalenessMs === null ? [] : [`it is a copy, ${stalenessMs} ms old`];
  if (region === of.owner && stalenessMs === null) return [];
  if (stalenessMs === null) return [`${region} answered from its copy and does not say how old that is`];
  const { stalenessMsMax = 0, withoutOwner = 'refuse' } = operation.copy ?? {};
  const isSaid = withoutOwner === 'answer-stale' && degradedTokens(outcome.degraded ?? null).includes('stale');
  return stalenessMs <= stalenessMsMax || isSaid
    ? []
    : [`the copy is ${stalenessMs} ms old; allowed: ${stalenessMsMax}`];
}

function sameList(seen: unknown, wanted: readonly string[]): boolean {
  return Array.isArray(seen) && seen.length === wanted.length && wanted.every((one, at) => one === seen[at]);
}

function sameSet(seen: unknown, wanted: readonly string[]): boolean {
  return Array.isArray(seen) && sameList([...seen].sort(), [...wanted].sort());
}
