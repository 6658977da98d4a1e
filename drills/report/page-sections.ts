/** The sections of the report page. Each takes the report and says one thing; an empty section leaves no trace. */
import type { CheckResult } from '../checkers/verdict.ts';
import type { TenantImpact } from './blast-radius.ts';
import type { DrillReport, FailoverRecord, TimelineEntry } from './drill-report.ts';
import { count, type Html, html, milliseconds, trusted } from './html.ts';

const NOTHING = trusted('');

export function headSection(report: DrillReport): Html {
  const reasons = report.reasons.map((reason) => html`<li>${reason}</li>`);
  return html`<header>
<p class="kind">Drill <strong>${report.drill}</strong> · seed ${report.seed} · ${report.startedAt.replace('T', ' ').slice(0, 19)} UTC</p>
<h1>${report.headline}</h1>
<p><span class="verdict ${report.verdict}">${VERDICT_WORDS[report.verdict]}</span></p>
${reasons.length > 0 ? html`<ul class="reasons">${reasons}</ul>` : NOTHING}
</header>`;
}

const VERDICT_WORDS = {
  pass: 'Pass: the hypothesis held',
  fail: 'Fail: the hypothesis does not hold',
  unknown: 'Unknown: this run proves nothing',
} as const;

export function figuresSection(report: DrillReport): Html {
  const { rpo, blastRadius } = report;
  const figures: readonly (readonly [string, string, string])[] = [
    ['Away (RTO)', milliseconds(report.rtoMs), ''],
    ['Writes away at most', milliseconds(report.writesAwayMs), ''],
    ['Acknowledged, lost', count(rpo.lost), rpo.lost > 0 ? ` oldest ${milliseconds(rpo.ageMs)}` : ''],
    [
      'Acknowledged',
      count(report.acknowledged),
      report.acknowledgedDegraded > 0 ? ` ${report.acknowledgedDegraded} unreplicated` : '',
    ],
    ['Outcome unknown', count(report.unknown), ''],
    ['Refused to the old owner', count(report.fenceRefused), ''],
    ['Stale accepted', count(report.staleAccepted), ''],
    ['Stale acknowledged', count(report.staleAcknowledged), ''],
    ['Quarantined', report.quarantined === null ? '–' : count(report.quarantined), ''],
    ['Tenants reached', `${blastRadius.tenantsHit}`, ` of ${blastRadius.tenants}`],
  ];
  const cells = figures.map(
    ([name, value, more]) => html`<div><dt>${name}</dt><dd>${value}<small>${more}</small></dd></div>`,
  );
  return html`<dl class="figures">${cells}</dl>`;
}

export function hypothesisSection(report: DrillReport): Html {
  const probes = (['before', 'during', 'after'] as const).map((when) => {
    const probe = report.steadyState[when];
    const word = probe === null ? 'not asked' : probe.held ? 'held' : 'did not hold';
    const verdict = probe === null ? 'soft' : probe.held ? 'pass' : 'fail';
    return html`<tr><td>Steady state ${when}</td><td class="${verdict}">${word}</td><td>${probe?.detail ?? ''}</td></tr>`;
  });
  return html`<section><h2>Hypothesis</h2><p>${report.hypothesis}</p>
${report.abortCondition === null ? NOTHING : html`<p class="soft">Broken off when: ${report.abortCondition}</p>`}<div class="table"><table><tbody>${probes}</tbody></table></div></section>`;
}

/** The numbered timeline; the charts carry the same numbers. */
export function timelineSection(marks: readonly (TimelineEntry & { readonly n: number })[]): Html {
  const rows = marks.map(
    (
      mark,
    ) => html`<tr><td class="mark">${mark.n}</td><td class="n">${(mark.t / 1_000).toFixed(3)} s</td><td>${mark.cell ?? ''}</td>
<td>${mark.what}</td><td class="n">${mark.durationMs === undefined ? '' : milliseconds(mark.durationMs)}</td></tr>`,
  );
  return html`<section><h2>What happened</h2><div class="table"><table><thead><tr><th>Mark</th><th class="n">At</th><th>Cell</th><th>What</th>
<th class="n">Took</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

export function cellsSection(report: DrillReport): Html {
  if (report.cells.length === 0) return NOTHING;
  const change = (before: string | number | null, after: string | number | null) =>
    before === after ? `${before ?? '–'}` : `${before ?? '–'} → ${after ?? '–'}`;
  const rows = report.cells.map(
    (
      cell,
    ) => html`<tr><td>${cell.cell}</td><td>${change(cell.owner.before, cell.owner.after)}</td><td>${change(cell.epoch.before, cell.epoch.after)}</td>
<td class="n">${milliseconds(cell.rtoMs)}</td><td class="n">${milliseconds(cell.writesAwayMs)}</td></tr>`,
  );
  return html`<section><h2>Cells</h2><div class="table"><table><thead><tr><th>Cell</th><th>Owner</th><th>Epoch</th><th class="n">RTO</th>
<th class="n">Longest gap between acknowledged writes</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

export function failoversSection(report: DrillReport): Html {
  if (report.failovers.length === 0) return NOTHING;
  return html`<section><h2>Failover, step by step</h2>${report.failovers.map(failover)}</section>`;
}

function failover(record: FailoverRecord): Html {
  const totalMs = Math.max(1, record.endedAtMs - record.askedAtMs);
  const rows = record.steps.map((step) => {
    const left = Math.min(100, (step.startMs / totalMs) * 100).toFixed(1);
    const width = Math.min(100, ((step.endMs - step.startMs) / totalMs) * 100).toFixed(1);
    const bar = html`<span class="bar"><i style="left:${left}%;width:${width}%"></i></span>`;
    return html`<tr><td>${step.name}</td><td class="n">${milliseconds(step.endMs - step.startMs)}</td><td style="width:40%">${bar}</td><td>${step.detail ?? ''}</td></tr>`;
  });
  const title = `${record.cell}: ${record.kind} ${record.outcome} in ${milliseconds(record.endedAtMs - record.askedAtMs)}`;
  return html`<h3>${title}</h3><div class="table"><table><tbody>${rows}</tbody></table></div>`;
}

/** A drill with a thousand tenants would bury the rest of the page. */
const TENANT_ROWS_MAX = 40;

export function blastRadiusSection(report: DrillReport): Html {
  const { blastRadius } = report;
  const hit = blastRadius.byTenant.filter((impact) => impact.errors > 0);
  const longestMs = Math.max(1, ...hit.map((impact) => impact.awayMs));
  const rows = hit.slice(0, TENANT_ROWS_MAX).map((impact) => tenantRow(impact, longestMs));
  const cells = blastRadius.cellsHit.length === 0 ? 'no cell' : blastRadius.cellsHit.join(', ');
  const sentence = `${blastRadius.tenantsHit} of ${blastRadius.tenants} tenants (${Math.round(blastRadius.share * 100)} %) saw an error after the fault; they live in ${cells}.`;
  if (hit.length === 0) return html`<section><h2>Blast radius</h2><p>${sentence}</p></section>`;
  return html`<section><h2>Blast radius</h2><p>${sentence}</p><div class="table"><table><thead><tr><th>Tenant</th><th>Cell</th><th class="n">Calls</th>
<th class="n">Errors</th><th class="n">Without a success</th><th></th></tr></thead><tbody>${rows}</tbody></table></div>
${hit.length > rows.length ? html`<p class="soft">and ${hit.length - rows.length} more, in report.json.</p>` : NOTHING}</section>`;
}

function tenantRow(impact: TenantImpact, longestMs: number): Html {
  const width = ((impact.awayMs / longestMs) * 100).toFixed(1);
  return html`<tr><td>${impact.tenant}</td><td>${impact.cell}</td><td class="n">${count(impact.calls)}</td><td class="n">${count(impact.errors)}</td>
<td class="n">${milliseconds(impact.awayMs)}</td><td><span class="bar"><i class="hit" style="width:${width}%"></i></span></td></tr>`;
}

export function checkersSection(report: DrillReport): Html {
  if (report.checkers.length === 0) return NOTHING;
  return html`<section><h2>What the checkers say</h2>${report.checkers.map(checker)}</section>`;
}

function checker(result: CheckResult): Html {
  const findings = result.findings.map((finding) => {
    const lines = finding.lines.length > 0 ? ` (history.jsonl, line ${finding.lines.join(', ')})` : '';
    return html`<li>${finding.message}<span class="soft">${lines}</span></li>`;
  });
  const notes = result.notes.map((note) => html`<li class="soft">${note}</li>`);
  const figures = Object.entries(result.figures)
    .map(([name, value]) => `${name} ${count(value)}`)
    .join(' · ');
  const total =
    result.findingsTotal > result.findings.length
      ? html`<p>${count(result.findingsTotal)} findings in all.</p>`
      : NOTHING;
  return html`<details ${trusted(result.verdict === 'pass' ? '' : 'open')}><summary><strong>${result.checker}</strong> <span class="${result.verdict}">${result.verdict}</span>
<span class="soft">${figures}</span></summary><ul>${findings}${notes}</ul>${total}</details>`;
}

export function faultsSection(report: DrillReport): Html {
  if (report.faults.length === 0) return NOTHING;
  const rows = report.faults.map((fault) => {
    const effect =
      fault.effectiveAtMs === null
        ? 'never took effect'
        : `after ${milliseconds(fault.effectiveAtMs - fault.injectedAtMs)}`;
    const healed = fault.healedAtMs === null ? 'not healed' : `${(fault.healedAtMs / 1_000).toFixed(3)} s`;
    return html`<tr><td>${fault.kind}</td><td>${fault.targets.join(', ')}</td><td class="n">${(fault.injectedAtMs / 1_000).toFixed(3)} s</td>
<td>${effect}</td><td>${healed}</td><td>${fault.evidence}</td></tr>`;
  });
  return html`<section><h2>Faults</h2><div class="table"><table><thead><tr><th>Kind</th><th>Target</th><th class="n">At</th><th>Took effect</th>
<th>Healed</th><th>Evidence</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

export function replaySection(report: DrillReport): Html {
  const versions = Object.entries(report.versions).map(
    ([name, version]) => html`<tr><td>${name}</td><td>${version}</td></tr>`,
  );
  return html`<section><h2>Replay</h2><p>The seed repeats what the clients did and when; the machine's own timing differs from run to run.</p>
<pre>${report.replay}</pre><p class="soft">Beside this page: <code>report.json</code>, <code>history.jsonl</code> (${count(report.history.lines)} lines, sha256
<code>${report.history.sha256.slice(0, 16)}…</code>) and <code>end-state.json</code>, from which every figure here can be computed again.</p>
<div class="table"><table><tbody>${versions}</tbody></table></div></section>`;
}
