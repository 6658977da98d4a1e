/** Automation for people: the switch first, then what each region thinks and why, then what waits for a person. */
import type { AutomationDocument } from '../control/failover/automation/automation-document.ts';
import type { CellSight } from '../control/failover/automation/automation-status.ts';
import type { Proposal } from '../control/failover/automation/proposal.ts';
import { decisionText } from './failover-text.ts';
import type { AutomationOperator } from './services.ts';
import type { Colours } from './terminal.ts';
import { duration, textTable } from './text-table.ts';

interface Page {
  readonly colours: Colours;
  readonly nowMs: number;
}

type Statuses = Awaited<ReturnType<AutomationOperator['statuses']>>;

const CHANGES_SHOWN = 5;
const MOVES_SHOWN = 5;

export function settingText(document: AutomationDocument, { colours }: Pick<Page, 'colours' | 'nowMs'>): string {
  const { enabled, mode, changes } = document;
  const last = changes.at(-1);
  const state = enabled ? colours.green(`on, ${mode}`) : colours.red(`off (mode when on: ${mode})`);
  const since = last ? ` since ${when(last.atMs)}, by ${last.by}: ${last.reason}` : ', as the topology says';
  return `automation: ${state}${since}`;
}

export function statusText(of: { document: AutomationDocument; statuses: Statuses }, page: Page): string {
  const { document, statuses } = of;
  const changes = document.changes.slice(-CHANGES_SHOWN).reverse();
  const moves = document.moves.slice(-MOVES_SHOWN).reverse();
  return [
    settingText(document, page),
    ...statuses.map((each) => regionText(each, page)),
    ...(moves.length > 0 ? [moveRows(moves, page.nowMs)] : []),
    ...(changes.length > 1 ? [changeRows(changes)] : []),
  ].join('\n\n');
}

function regionText({ region, status }: Statuses[number], { colours }: Page): string {
  if (status === null) return `${colours.bold(region)}: its control process does not answer`;
  const { setting, ageMs, cells, failures } = status;
  const switched = typeof setting === 'string' ? setting : setting.enabled ? setting.mode : 'off';
  const head = `${colours.bold(region)}: acts as ${switched}; looked ${duration(ageMs)} ago`;
  const columns = ['CELL', 'HELD BY', 'CLIENTS', 'INSIDE', 'VERDICT', 'WHY'].map((title) => ({ title }));
  return [head, textTable(columns, cells.map(cellRow)), ...failures.map((failure) => colours.red(failure))].join('\n');
}

function cellRow({ cell, holder, client, inside, verdict }: CellSight): readonly string[] {
  const why = 'why' in verdict ? verdict.why : '';
  return [cell, holder ?? 'nobody', client.says, inside.says, verdict.kind, why];
}

function moveRows(moves: AutomationDocument['moves'], nowMs: number): string {
  const rows = moves.map(({ cell, from, to, atMs, id }) => [
    cell,
    `${from} → ${to}`,
    `${duration(nowMs - atMs)} ago`,
    id,
  ]);
  return textTable([{ title: 'MOVED' }, { title: '' }, { title: 'WHEN' }, { title: 'RECORD' }], rows);
}

function changeRows(changes: AutomationDocument['changes']): string {
  const rows = changes.map(({ atMs, by, mode, enabled, reason }) => [when(atMs), by, enabled ? mode : 'off', reason]);
  return textTable([{ title: 'CHANGED' }, { title: 'BY' }, { title: 'TO' }, { title: 'REASON' }], rows);
}

export function proposalsText(proposals: readonly Proposal[], { colours, nowMs }: Page): string {
  if (proposals.length === 0) return 'Nothing is proposed.';
  return proposals
    .map((proposal) =>
      [
        decisionText(proposal.decision, colours),
        `  not done by itself: ${proposal.heldBecause}`,
        `  stands for another ${duration(proposal.expiresAtMs - nowMs)}: holdfast automation approve ${proposal.cell}`,
      ].join('\n'),
    )
    .join('\n\n');
}

const when = (atMs: number) => new Date(atMs).toISOString();
