/**
 * What a probe saw, as lines in CloudWatch's embedded metric format. Source: CloudWatch user guide, "Embedded metric format
 * specification". A metric costs money for each hour in which it gets a value, so there are two: how long an answer took, and
 * (only when there was none) a failure. `region` is the region of the router that was asked; a failure has no release,
 * because an alarm must name its dimensions beforehand.
 */
import type { ProbeReport } from './probe-errand.ts';

export const PROBE_NAMESPACE = 'Holdfast';
export const PROBE_LATENCY = {
  name: 'ProbeLatencyMs',
  unit: 'Milliseconds',
  dimensions: ['cell', 'region', 'release'],
} as const;
export const PROBE_FAILED = { name: 'ProbeFailed', unit: 'Count', dimensions: ['cell', 'region'] } as const;

/** `report` is `null` when the router of `region` gave none: then no cell is reached through it. */
export function metricLines(
  of: { readonly region: string; readonly cells: readonly string[]; readonly report: ProbeReport | null },
  atMs: number,
): readonly string[] {
  return of.cells.flatMap((cell) => {
    const seen = of.report?.cells.find((candidate) => candidate.cell === cell);
    const place = { cell, region: of.region };
    // A cell that has no buckets can't be asked as a tenant would; that is no failure.
    if (of.report !== null && seen === undefined) return [];
    if (seen?.ok) {
      const values = { ...place, release: seen.release ?? 'unknown', answeredIn: seen.region };
      return [line({ metric: PROBE_LATENCY, value: Math.round(seen.tookMs), values, atMs })];
    }
    const values = { ...place, saw: seen?.saw ?? 'no answer of the router' };
    return [line({ metric: PROBE_FAILED, value: 1, values, atMs })];
  });
}

function line(of: {
  readonly metric: typeof PROBE_LATENCY | typeof PROBE_FAILED;
  readonly value: number;
  readonly values: object;
  readonly atMs: number;
}): string {
  const { name, unit, dimensions } = of.metric;
  const directive = { Namespace: PROBE_NAMESPACE, Dimensions: [dimensions], Metrics: [{ Name: name, Unit: unit }] };
  const _aws = { Timestamp: Math.round(of.atMs), CloudWatchMetrics: [directive] };
  return JSON.stringify({ _aws, ...of.values, [name]: of.value });
}
