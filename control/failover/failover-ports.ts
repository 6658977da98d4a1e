/** What the coordinator needs of the world, from the side on which it runs. Adapters implement it on the cells' own store code. */
import type { CellId, Epoch, RegionName } from '../../core/ids.ts';
import type { HeldLease, Lease, ReleasedLease } from '../../core/lease.ts';
import type { FailoverRecord } from './failover-record.ts';

export interface Limit {
  /** No call takes longer. */
  readonly withinMs: number;
}

export interface Place {
  readonly cell: CellId;
  readonly region: RegionName;
}

export interface LeasePort {
  /** Strongly consistent. Throws when the arbiter does not answer. */
  read(cell: CellId, limit: Limit): Promise<Lease | null>;
  /** `fenced`: whatever the counter. `exact`: only while the record is as seen. `false`: somebody else changed it. */
  release(change: { seen: HeldLease; next: ReleasedLease; match: 'fenced' | 'exact' }, limit: Limit): Promise<boolean>;
}

export interface RecordPort {
  current(cell: CellId, limit: Limit): Promise<FailoverRecord | null>;
  /** Writes `next` only over version `next.version - 1` (or over a finished record, for a new one). */
  save(next: FailoverRecord, limit: Limit): Promise<boolean>;
}

export interface StorePort {
  /** The highest fence epoch and for whom; throws when the store does not answer. */
  fence(place: Place, limit: Limit): Promise<{ epoch: number; active: RegionName | null } | null>;
  /** Raises every shard to `epoch`, open to nobody. `false`: it stands higher already. Throws when it does not answer. */
  close(place: Place, epoch: Epoch, limit: Limit): Promise<boolean>;
  /** Entries in the journal, up to a page of each shard. `fenced`: those that only an owner can have written. */
  pending(place: Place, limit: Limit): Promise<{ count: number; fenced: number; more: boolean }>;
  quarantined(place: Place, limit: Limit): Promise<number>;
  /** Ships the whole journal of `from` to `to`. `complete`: nothing is left. */
  drain(
    move: { cell: CellId; from: RegionName; to: RegionName },
    limit: Limit,
  ): Promise<{ shipped: number; complete: boolean }>;
}

export interface FailoverPorts {
  readonly leases: LeasePort;
  readonly records: RecordPort;
  readonly stores: StorePort;
  /** The doorbell of a region's keeper. Best effort: it polls anyway. */
  readonly ring: (place: Place) => void;
}
