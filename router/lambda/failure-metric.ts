/**
 * What a tenant was answered with a 5xx, by the cell or in its place, as a line of the log in CloudWatch's embedded metric format.
 * Seen from here, a cell that can't answer for itself (it is throttled, it breaks at its start, it is not there) counts too. A
 * metric that is only sent when something fails costs nothing while nothing does.
 */
import type { CellId, RegionName } from '../../core/ids.ts';

export const CELL_FAILED = { name: 'CellFailed', unit: 'Count', dimensions: ['cell', 'region'] } as const;
const NAMESPACE = 'Holdfast';
/** Statuses from here on are failures of the platform; what is below, the caller can correct. */
const FAILURES_FROM = 500;

export interface Ending {
  readonly cell: CellId;
  /** Of this router. */
  readonly region: RegionName;
  readonly status: number;
  /** Of the error; `null`: the cell's own answer. */
  readonly code: string | null;
  readonly requestId: string;
}

/** `null`: nothing failed. */
export function failureLine({ cell, region, status, code, requestId }: Ending, atMs: number): string | null {
  if (status < FAILURES_FROM) return null;
  const { name, unit, dimensions } = CELL_FAILED;
  const directive = { Namespace: NAMESPACE, Dimensions: [dimensions], Metrics: [{ Name: name, Unit: unit }] };
  const _aws = { Timestamp: Math.round(atMs), CloudWatchMetrics: [directive] };
  return JSON.stringify({ _aws, cell, region, status, code, requestId, [name]: 1 });
}
