/**
 * What a probe saw, as lines of its log; a failure in CloudWatch's embedded metric format. Source: CloudWatch user guide, "Embedded
 * metric format specification". A metric costs money for each hour in which it gets a value, so how long an answer took is a
 * field of the line and no metric, and a cell in order costs nothing. `region` is the region of the router that was asked.
 */
import type { ProbeReport } from './probe-errand.ts';

export const PROBE_NAMESPACE = 'Holdfast';
export const PROBE_FAILED = { name: 'ProbeFailed', unit: 'Count', dimensions: ['cell', 'region'] } as const;

/** `report` is `null` when the router of `region` gave none: then no cell is reached through it. */
export function probeLines(
  of: { readonly region: string; readonly cells: readonly string[]; readonly report: ProbeReport | null },
  atMs: number,
): readonly string[] {
  return of.cells.flatMap((cell) => {
    const seen = of.report?.cells.find((candidate) => candidate.cell === cell);
    const place = { cell, region: of.region };
    // A cell that has no buckets can't be asked as a tenant would; that is no failure.
    if (of.report !== null && seen === undefined) return [];
    if (seen?.ok) {
      const { release, region: answeredIn, tookMs } = seen;
      return [JSON.stringify({ ...place, release, answeredIn, ProbeLatencyMs: Math.round(tookMs) })];
    }
    return [failureLine({ ...place, saw: seen?.saw ?? 'no answer of the router' }, atMs)];
  });
}

function failureLine(fields: object, atMs: number): string {
  const { name, unit, dimensions } = PROBE_FAILED;
  const directive = { Namespace: PROBE_NAMESPACE, Dimensions: [dimensions], Metrics: [{ Name: name, Unit: unit }] };
  const _aws = { Timestamp: Math.round(atMs), CloudWatchMetrics: [directive] };
  return JSON.stringify({ _aws, ...fields, [name]: 1 });
}
