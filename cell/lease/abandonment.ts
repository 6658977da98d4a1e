/**
 * Whether whoever fenced this store has given up. A live coordinator moves its record within the time that the record
 * itself declares; one that does not move for that long, on our own clock, is abandoned, and the holder may then grant
 * itself a higher epoch. A mistake here costs availability only: the coordinator's next step is conditional on the lease.
 */
import type { Clock } from '../../core/clock.ts';
import type { CellId } from '../../core/ids.ts';
import type { CallBounds } from '../cell-store.ts';
import type { Key, Table } from '../table/table.ts';

export const failoverKey = (cell: CellId): Key => ({ pk: `FAILOVER#${cell}`, sk: 'CURRENT' });

export class Abandonment {
  readonly #arbiter: Table;
  readonly #clock: Clock;
  #seen: { readonly version: number; readonly sinceMs: number } | null = null;

  constructor(options: { arbiter: Table; clock: Clock }) {
    this.#arbiter = options.arbiter;
    this.#clock = options.clock;
  }

  async isAbandoned(cell: CellId, bounds: CallBounds): Promise<boolean> {
    const record = await this.#arbiter.get(failoverKey(cell), bounds);
    if (record?.state !== 'running') return true;
    const version = Number(record.version);
    const now = this.#clock.monotonicMs();
    if (this.#seen?.version !== version) this.#seen = { version, sinceMs: now };
    return now - this.#seen.sinceMs > Number(record.stepDeadlineMs);
  }
}
