/**
 * Figures of one invocation as a line of the log in CloudWatch's embedded metric format, so that alarms and dashboards have them
 * without a call. Source: CloudWatch user guide, "Embedded metric format specification".
 */
import type { CellIdentity } from '../cell-runtime.ts';

export const METRIC_NAMESPACE = 'Holdfast';
export const METRIC_DIMENSIONS = ['cell', 'region'] as const;

interface Metric {
  readonly unit: 'Count' | 'Milliseconds';
  /** From this value on it is sent. Below it, the figure is a field of the line only. */
  readonly from: number;
}

/**
 * Every metric that the cell's functions send. A metric that is sent costs 0.30 USD a month for each cell and region, so none is
 * sent while there is nothing to tell; the line has every figure, for whoever searches the logs.
 */
export const CELL_METRICS = {
  /** Age of the instant up to which every commit of this region is known to be at the peer. Below it the last sweep was in time. */
  ReplicationLag: { unit: 'Milliseconds', from: 5_000 },
  /** Journal entries that need a person. */
  PoisonedEntries: { unit: 'Count', from: 1 },
  /** Messages of the outbox that were not dealt with in this invocation. */
  OutboxWaiting: { unit: 'Count', from: 1 },
  /** Quarantined commits that were settled. */
  Reconciled: { unit: 'Count', from: 1 },
} as const satisfies Readonly<Record<string, Metric>>;

/** `LeaseHeld` is a field and never a metric: 1 in one region and 0 in the other is how it always is. */
export type CellFigures = Partial<Record<keyof typeof CELL_METRICS | 'LeaseHeld', number | null>>;

export interface FiguresTold {
  readonly atMs: number;
  readonly figures: CellFigures;
  /** Of the function that says it. */
  readonly release?: string | undefined;
}

/** One line, without the figures that are `null` (unknown). */
export function metricsLine(of: CellIdentity, { atMs, figures, release }: FiguresTold): string {
  const known = Object.entries(figures).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  const Metrics = known.flatMap(([Name, value]) => {
    const metric = metricOf(Name);
    return metric !== null && value >= metric.from ? [{ Name, Unit: metric.unit }] : [];
  });
  const CloudWatchMetrics = [{ Namespace: METRIC_NAMESPACE, Dimensions: [METRIC_DIMENSIONS], Metrics }];
  // The release is a field and no dimension: it tells lines apart, and makes no new metric at each deployment.
  const dimensions = { cell: of.cell, region: of.region, ...(release === undefined ? {} : { release }) };
  return JSON.stringify({
    ...(Metrics.length === 0 ? {} : { _aws: { Timestamp: Math.round(atMs), CloudWatchMetrics } }),
    ...dimensions,
    ...Object.fromEntries(known),
  });
}

function metricOf(name: string): Metric | null {
  return Object.hasOwn(CELL_METRICS, name) ? CELL_METRICS[name as keyof typeof CELL_METRICS] : null;
}
