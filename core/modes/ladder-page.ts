/**
 * The ladder, its reductions and the switches as Markdown: the part of docs/degraded-modes.md that a test holds against the
 * table, printed by `holdfast mode ladder --markdown`.
 */
import { type Grant, grantText, REDUCTION_PROMISES, REDUCTIONS } from './grant.ts';
import { LEVEL_PROMISES, LEVELS, promised, TIER_PROMISES } from './ladder.ts';
import { OPERATIONS, type Operation } from './operations.ts';
import { reachOf, SWITCH_NAMES, SWITCHES } from './switches.ts';

export function ladderMarkdown(): string {
  return [levelTable(), tierTable(), operationTable(), reductionTable(), switchTable()].join('\n\n');
}

function levelTable(): string {
  const rows = LEVELS.map((level) => [String(level), LEVEL_PROMISES[level]]);
  return table(['level', 'what it promises'], rows);
}

function tierTable(): string {
  const of = (tier: string) => OPERATIONS.filter((each) => each.tier === tier).map(({ name }) => `\`${name}\``);
  const rows = (['essential', 'important', 'optional'] as const).map((tier) => {
    return [tier, of(tier).join(', '), TIER_PROMISES[tier]];
  });
  return table(['tier', 'operations', 'what becomes of it'], rows);
}

function operationTable(): string {
  const head = ['operation', 'request', 'tier', ...LEVELS.map(String)];
  const rows = OPERATIONS.map((operation) => [
    `\`${operation.name}\``,
    `\`${operation.method} ${operation.path}\``,
    operation.tier,
    ...LEVELS.map((level) => shortText(promised(level, operation.name))),
  ]);
  return table(head, rows);
}

function shortText(grant: Grant): string {
  if (grant.kind === 'full') return 'full';
  return grant.kind === 'refused' ? '–' : grant.how.join(' + ');
}

function reductionTable(): string {
  const bounds = OPERATIONS.filter(({ copy }) => copy !== null).map(copyText);
  const rows = REDUCTIONS.map((name) => {
    const more = name === 'from-copy' ? ` Bounds: ${[...new Set(bounds)].join('; ')}.` : '';
    return [`\`${name}\``, `${REDUCTION_PROMISES[name]}.${more}`];
  });
  return table(['reduced', 'what a caller gets instead'], rows);
}

function copyText({ copy, service }: Operation): string {
  const seconds = (copy?.stalenessMsMax ?? 0) / 1_000;
  const then = copy?.withoutOwner === 'refuse' ? 'refused beyond that' : 'marked `stale` beyond that';
  const of = service === 'checkout' ? 'stock and orders' : 'everything else';
  return `${of} ${seconds} s, ${then}`;
}

function switchTable(): string {
  const rows = SWITCH_NAMES.map((name) => {
    const { reach, summary } = SWITCHES[name];
    return [`\`${name}\``, reach, summary, reachText(name)];
  });
  return table(['switch', 'of a', 'while it is on', 'reaches'], rows);
}

function reachText(name: (typeof SWITCH_NAMES)[number]): string {
  const reach = reachOf(name);
  if (reach.length === OPERATIONS.length) return 'every operation';
  return reach
    .map(({ operation, grant }) => `\`${operation}\`${grant.kind === 'refused' ? '' : ` (${grantText(grant)})`}`)
    .join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
