/** A deployment for people: a line for each stack, then what state each cell is in, then what to do next. */
import type { DeployReport, StepOutcome, StepResult } from '../control/deploy/run-deploy.ts';
import type { DestroyReport, RemovalOutcome } from '../control/deploy/run-destroy.ts';
import type { Finding } from '../control/doctor/finding.ts';
import { findingsText } from './doctor-text.ts';
import type { Colours } from './terminal.ts';
import { duration, textTable } from './text-table.ts';

type Paint = (text: string) => string;

const RESULT_TEXT: Readonly<Record<StepResult, string>> = {
  created: 'created',
  updated: 'updated',
  unchanged: 'up to date',
  failed: 'FAILED',
  unknown: 'NOT KNOWN',
  'not-started': 'not started',
};

export function outcomeLine({ step, result, tookMs, detail }: StepOutcome, colours: Colours): string {
  const paint = paintOf(result, colours);
  return `${step.stack} in ${step.region}: ${paint(RESULT_TEXT[result])} (${duration(tookMs)})${detail ? `: ${detail}` : ''}`;
}

export function deployText({ state, outcomes, cells }: DeployReport, colours: Colours): string {
  const count = (...results: readonly StepResult[]) => outcomes.filter(({ result }) => results.includes(result)).length;
  const summary = [
    `${count('created', 'updated')} stacks changed`,
    `${count('unchanged')} up to date`,
    ...(count('not-started') > 0 ? [`${count('not-started')} not started`] : []),
  ].join(', ');
  const stopped = outcomes.find(({ result }) => result === 'failed' || result === 'unknown');
  const head =
    state === 'done'
      ? colours.green('Deployed')
      : colours.red(state === 'failed' ? 'Stopped' : 'Not known how it ended');
  const rows = cells.flatMap(({ cell, regions }) =>
    regions.map(({ region, role, text, standing }, index) => [
      index === 0 ? `  ${cell}` : '',
      region,
      role,
      standing === 'broken' || standing === 'not-known' ? colours.red(text) : text,
    ]),
  );
  return [
    `${head}: ${summary}.`,
    ...(stopped ? [outcomeLine(stopped, colours)] : []),
    ...(rows.length > 0
      ? ['', textTable([{ title: '  cell' }, { title: 'region' }, { title: '' }, { title: 'state' }], rows)]
      : []),
    ...(stopped
      ? ['', 'Correct the cause and run the same command again: it skips what is up to date and repairs what failed.']
      : []),
  ].join('\n');
}

export function refusalText(findings: readonly Finding[], colours: Colours): string {
  return `${findingsText(findings, colours)}\n\n${colours.red('Nothing was deployed')}: the account is not ready.`;
}

export function removalLine({ removal, result, detail }: RemovalOutcome, colours: Colours): string {
  const texts = {
    removed: 'removed',
    absent: 'was not there',
    failed: 'FAILED',
    unknown: 'NOT KNOWN',
    'not-started': 'left',
  };
  const bad = result === 'failed' || result === 'unknown';
  const text = texts[result];
  return `${removal.stack} in ${removal.region}: ${bad ? colours.red(text) : text}${detail ? `: ${detail}` : ''}`;
}

export function destroyText({ state, outcomes }: DestroyReport, colours: Colours): string {
  const removed = outcomes.filter(({ result }) => result === 'removed').length;
  const left = outcomes.filter(({ result }) => result !== 'removed' && result !== 'absent');
  if (state === 'done') {
    return `${colours.green('Removed')}: ${removed} stacks. The bootstrap of the regions (CDKToolkit, with its bucket of uploaded code) was there before and stays.`;
  }
  return [
    `${colours.red('Not all could be removed')}: ${removed} stacks are gone, ${left.length} are left.`,
    ...left.map((outcome) => `  ${removalLine(outcome, colours)}`),
    'Correct the cause and run the same command again.',
  ].join('\n');
}

function paintOf(result: StepResult, colours: Colours): Paint {
  if (result === 'failed' || result === 'unknown') return colours.red;
  return result === 'unchanged' || result === 'not-started' ? colours.dim : colours.green;
}
