/**
 * The report as one self-contained page, for people: the verdict in a sentence, then the evidence for it. It loads nothing,
 * so that it can be mailed, archived and opened in ten years.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { History } from '../history/call.ts';
import type { DrillReport } from './drill-report.ts';
import { BUCKET_MS, type CellSeries, seriesOf } from './figures.ts';
import { embeddedJson, type Html, html, trusted } from './html.ts';
import { PAGE_CHART } from './page-chart.ts';
import {
  blastRadiusSection,
  cellsSection,
  checkersSection,
  failoversSection,
  faultsSection,
  figuresSection,
  headSection,
  hypothesisSection,
  replaySection,
  timelineSection,
} from './page-sections.ts';
import { PAGE_STYLE } from './page-style.ts';

export function reportPage(report: DrillReport, history: History): string {
  const series = seriesOf(history);
  const marks = report.timeline.map((entry, index) => ({ ...entry, n: index + 1 }));
  const regions = [...new Set(series.flatMap((cell) => Object.keys(cell.acknowledged)))].sort();
  const body = html`${headSection(report)}${figuresSection(report)}${hypothesisSection(report)}
${chartsSection(series, regions)}${timelineSection(marks)}${cellsSection(report)}${failoversSection(report)}
${blastRadiusSection(report)}${checkersSection(report)}${faultsSection(report)}${replaySection(report)}`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.drill}, seed ${report.seed}: ${report.verdict}</title>
<style>${trusted(chartLibrary('uPlot.min.css'))}${trusted(PAGE_STYLE)}</style></head>
<body><main>${body}</main>
<script type="application/json" id="data">${embeddedJson({ series, regions, marks, bucketMs: BUCKET_MS })}</script>
<script>${trusted(chartLibrary('uPlot.iife.min.js'))}</script><script>${trusted(PAGE_CHART)}</script></body></html>
`.markup;
}

function chartsSection(series: readonly CellSeries[], regions: readonly string[]): Html {
  const key = [
    ...regions.map(
      (region, n) => html`<li><i style="background:var(--region-${n % 3})"></i>acknowledged by ${region}</li>`,
    ),
    html`<li><i style="background:var(--failed)"></i>refused, certainly without effect</li>`,
    html`<li><i style="background:var(--info)"></i>outcome unknown</li>`,
  ];
  return html`<section><h2>Calls over time</h2><p class="soft">Calls that ended in each ${BUCKET_MS} ms. The numbered lines are the marks of the table
below; drag to look closer, double-click to go back.</p><ul class="key">${key}</ul>${series.map(chart)}</section>`;
}

function chart(series: CellSeries): Html {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const acknowledged = Object.entries(series.acknowledged).map(
    ([region, values]) => `${sum(values)} acknowledged by ${region}`,
  );
  const said = `Cell ${series.cell}: ${acknowledged.join(', ')}; ${sum(series.failed)} refused; ${sum(series.unknown)} of unknown outcome.`;
  return html`<div class="chart"><h3>${series.cell}</h3><div class="plot" data-cell="${series.cell}" role="img" aria-label="${said}"></div></div>`;
}

/** Read when a report is written, so that the library stands in the dependency list and nowhere else. */
function chartLibrary(file: string): string {
  const require = createRequire(import.meta.url);
  return readFileSync(require.resolve(`uplot/dist/${file}`), 'utf8').replaceAll('</script', '<\\/script');
}
