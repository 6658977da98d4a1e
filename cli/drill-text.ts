/** A drill's report on a terminal: the verdict and its sentence, the figures, why it is not better, where the page is. */
import { join } from 'node:path';
import type { Verdict } from '../drills/checkers/verdict.ts';
import type { EvidenceCheck } from '../drills/report/check-evidence.ts';
import type { DrillReport } from '../drills/report/drill-report.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { DrillOutcome } from './services.ts';
import type { Colours } from './terminal.ts';
import { duration, textTable } from './text-table.ts';

export function verdictExit(verdict: Verdict): ExitCode {
  switch (verdict) {
    case 'pass':
      return EXIT.done;
    case 'fail':
      return EXIT.refused;
    case 'unknown':
      return EXIT.unknown;
  }
}

export function drillText({ report, dir }: DrillOutcome, colours: Colours): string {
  const rows = figures(report).map(([name, value]) => [`  ${name}`, value]);
  return [
    `${coloured(report.verdict, colours)}  ${colours.bold(report.drill)}, seed ${report.seed}`,
    report.headline,
    '',
    textTable([{ title: '' }, { title: '' }], rows),
    ...listed('Why the verdict is not pass:', report.verdict === 'pass' ? [] : report.reasons),
    '',
    `Page    ${join(dir, 'report.html')}`,
    `Again   ${report.replay}`,
  ].join('\n');
}

/** What each checker says of the evidence in a folder. */
export function checkText(checked: EvidenceCheck & { readonly dir: string }, colours: Colours): string {
  const rows = checked.checkers.map((result) => [
    `  ${result.checker}`,
    coloured(result.verdict, colours),
    Object.entries(result.figures)
      .map(([name, figure]) => `${name} ${figure}`)
      .join(', '),
  ]);
  const reasons = checked.checkers.flatMap((result) => [
    ...result.findings.map(({ message, lines }) => `${result.checker}: ${message}${atLines(lines)}`),
    ...(result.verdict === 'unknown' ? result.notes.map((note) => `${result.checker}: ${note}`) : []),
  ]);
  return [
    `${coloured(checked.verdict, colours)}  ${checked.dir}`,
    ...(rows.length === 0 ? [] : ['', textTable([{ title: '' }, { title: '' }, { title: '' }], rows)]),
    ...listed('Why the verdict is not pass:', [...checked.problems, ...reasons]),
  ].join('\n');
}

function atLines(lines: readonly number[]): string {
  return lines.length === 0 ? '' : ` (line ${lines.join(', ')})`;
}

/** Many runs: one line each, and what they have in common. */
export function drillSummary(outcomes: readonly DrillOutcome[], colours: Colours): string {
  const rows = outcomes.map(({ report, dir }) => [
    String(report.seed),
    coloured(report.verdict, colours),
    duration(report.rtoMs),
    String(report.rpo.lost),
    String(report.staleAccepted),
    String(report.staleAcknowledged),
    String(report.fenceRefused),
    dir,
  ]);
  const columns = ['SEED', 'VERDICT', 'RTO', 'LOST', 'STALE ACCEPTED', 'STALE ACKED', 'FENCED OFF', 'REPORT'];
  const passed = outcomes.filter(({ report }) => report.verdict === 'pass').length;
  return [
    textTable(
      columns.map((title) => ({ title })),
      rows,
    ),
    '',
    `${passed} of ${outcomes.length} passed`,
  ].join('\n');
}

function figures(report: DrillReport): readonly (readonly [string, string])[] {
  const { rpo, steadyState } = report;
  const probes = (['before', 'during', 'after'] as const).map((when) => {
    const probe = steadyState[when];
    return `${when} ${probe === null ? 'not looked at' : probe.held ? 'held' : 'broken'}`;
  });
  return [
    ['writes away', `${duration(report.writesAwayMs)} (RTO ${duration(report.rtoMs)})`],
    [
      'acknowledged',
      `${report.acknowledged}, of which lost: ${rpo.lost}${rpo.lost > 0 ? ` (${duration(rpo.ageMs)})` : ''}`,
    ],
    ['failed / unknown', `${report.failed} / ${report.unknown}`],
    [
      'stale writes',
      `${report.staleAccepted} accepted, ${report.staleAcknowledged} acknowledged, ${report.fenceRefused} refused`,
    ],
    ['quarantined', report.quarantined === null ? 'not known' : String(report.quarantined)],
    ['tenants hit', `${report.blastRadius.tenantsHit} of ${report.blastRadius.tenants}`],
    ['steady state', probes.join(', ')],
  ];
}

export function coloured(verdict: Verdict, { green, red, yellow }: Colours): string {
  if (verdict === 'pass') return green('pass');
  return verdict === 'fail' ? red('fail') : yellow('unknown');
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}
