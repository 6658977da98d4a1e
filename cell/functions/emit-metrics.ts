/**
 * Figures of one invocation as a line of the log in CloudWatch's embedded metric format, so that alarms and dashboards have them
 * without a call. Source: CloudWatch user guide, "Embedded metric format specification".
 */
import type { CellIdentity } from '../cell-runtime.ts';

export const METRIC_NAMESPACE = 'Holdfast';
export const METRIC_DIMENSIONS = ['cell', 'region'] as const;

/** Units by name; every metric that the cell's functions emit. */
export const CELL_METRICS = {
  /** 1 while this region is the owner. */
  LeaseHeld: 'Count',
  /** Age of the instant up to which every commit of this region is known to be at the peer. */
  ReplicationLag: 'Milliseconds',
  /** Journal entries that need a person. */
  PoisonedEntries: 'Count',
  /** Messages of the outbox that were not dealt with in this invocation. */
  OutboxWaiting: 'Count',
  /** Quarantined commits that were settled. */
  Reconciled: 'Count',
} as const;

export type CellMetrics = Partial<Record<keyof typeof CELL_METRICS, number | null>>;

export interface MetricsTold {
  readonly atMs: number;
  readonly figures: CellMetrics;
  /** Of the function that says it. */
  readonly release: string | undefined;
}

/**
 * One line, without the figures that are `null` (unknown). A figure of 0 is a field of the line and no metric: every metric that is
 * sent costs 0.30 USD a month for each cell and region, and an idle platform has nothing to tell.
 */
export function metricsLine(of: CellIdentity, told: MetricsTold): string {
  const { atMs, figures, release } = told;
  const known = Object.entries(figures).filter(([, value]) => value !== null && value !== undefined);
  const sent = known.filter(([, value]) => value !== 0);
  const Metrics = sent.map(([Name]) => ({ Name, Unit: CELL_METRICS[Name as keyof CellMetrics] }));
  const CloudWatchMetrics = [{ Namespace: METRIC_NAMESPACE, Dimensions: [METRIC_DIMENSIONS], Metrics }];
  // The release is a field and no dimension: it tells lines apart, and makes no new metric at each deployment.
  const dimensions = { cell: of.cell, region: of.region, ...(release === undefined ? {} : { release }) };
  return JSON.stringify({
    ...(sent.length === 0 ? {} : { _aws: { Timestamp: Math.round(atMs), CloudWatchMetrics } }),
    ...dimensions,
    ...Object.fromEntries(known),
  });
}
