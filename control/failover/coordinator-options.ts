/** What coordinator and steps are given: the ports to the world, a clock, and the watches that save a share of the wait. */
import type { Clock } from '../../core/clock.ts';
import type { CellId } from '../../core/ids.ts';
import type { LeaseWatch } from '../../core/lease-watch.ts';
import type { FailoverPorts } from './failover-ports.ts';
import type { FailoverRecord } from './failover-record.ts';

export interface CoordinatorOptions {
  readonly ports: FailoverPorts;
  readonly clock: Clock;
  /** Watches this cell's lease; one that has watched for a while saves its share of the wait. */
  readonly watchOf: (cell: CellId) => LeaseWatch;
  readonly newId: () => string;
  readonly onProgress?: (record: FailoverRecord) => void;
}
