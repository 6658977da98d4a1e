/** The doctor's findings for people: one line each, and under it what to do. */
import type { Finding } from '../control/doctor/finding.ts';
import type { Colours } from './terminal.ts';

const NAME_WIDTH = 20;

export function findingsText(findings: readonly Finding[], colours: Colours): string {
  const marks = {
    ok: colours.green('ok'),
    blocker: colours.red('NO'),
    'not-checked': colours.yellow('??'),
    unfinished: colours.yellow('..'),
  };
  return findings
    .flatMap(({ check, level, where, seen, remedy }) => [
      `${marks[level]}  ${check.padEnd(NAME_WIDTH)}${where ? `${where}: ` : ''}${seen}`,
      ...(remedy ? [`      → ${remedy}`] : []),
    ])
    .join('\n');
}
