/** The coordinator's ports on the cells' own store code, over tables reached from one region. */

import { failoverKey } from '../../cell/lease/abandonment.ts';
import { LeaseArbiter } from '../../cell/lease/lease-arbiter.ts';
import { drainJournal } from '../../cell/replication/drain-journal.ts';
import { isFencedEntry, journalShards } from '../../cell/replication/journal.ts';
import { raiseFence, readFence } from '../../cell/store/raise-fence.ts';
import { journalPk, QUARANTINE } from '../../cell/store/table-layout.ts';
import { absent, equals, type Item, QUERY_LIMIT_MAX, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import type { FailoverPorts, LeasePort, Limit, Place, RecordPort, StorePort } from '../failover/failover-ports.ts';
import type { FailoverRecord } from '../failover/failover-record.ts';

export interface FailoverTables {
  readonly arbiter: Table;
  readonly store: (place: Place) => Table;
  readonly fenceShards: (cell: CellId) => number;
  readonly ring: (place: Place) => void;
  readonly clock: Clock;
  readonly rng: Rng;
}

export function tableFailoverPorts(tables: FailoverTables): FailoverPorts {
  const within = ({ withinMs }: Limit) => ({ deadlineAtMs: tables.clock.monotonicMs() + withinMs });
  return {
    leases: leasePort(tables, within),
    records: recordPort(tables, within),
    stores: storePort(tables, within),
    ring: tables.ring,
  };
}

type Within = (limit: Limit) => { readonly deadlineAtMs: number };

function leasePort(tables: FailoverTables, within: Within): LeasePort {
  const arbiter = new LeaseArbiter(tables.arbiter);
  return {
    read: (cell, limit) => arbiter.read(cell, within(limit)),
    release: async ({ seen, next, match }, limit) => {
      const put =
        match === 'fenced'
          ? arbiter.replaceFenced(seen, next, within(limit))
          : arbiter.replace(seen, next, within(limit));
      return (await put).outcome === 'done';
    },
  };
}

function recordPort({ arbiter }: FailoverTables, within: Within): RecordPort {
  return {
    current: async (cell, limit) => {
      const item = await arbiter.get(failoverKey(cell), within(limit));
      return item && (JSON.parse(String(item.record)) as FailoverRecord);
    },
    save: async (next, limit) => {
      const key = failoverKey(next.decision.cell);
      const item = recordItem(key, next);
      const copy = { ...item, sk: `RECORD#${next.id}` };
      const when = next.version === 1 ? absent : equals('version', next.version - 1);
      const result = await arbiter.write({ kind: 'put', item, when }, within(limit));
      if (result.outcome === 'refused') return false;
      // The history keeps every record under its own id; losing a copy to a crash loses nothing that CURRENT has.
      await arbiter.write({ kind: 'put', item: copy }, within(limit));
      return true;
    },
  };
}

function recordItem(key: { pk: string; sk: string }, record: FailoverRecord): Item {
  const { version, state, stepDeadlineMs } = record;
  return { ...key, version, state, stepDeadlineMs, record: JSON.stringify(record) };
}

function storePort(tables: FailoverTables, within: Within): StorePort {
  const { store, fenceShards, clock, rng } = tables;
  return {
    fence: (place, limit) => readFence(store(place), fenceShards(place.cell), within(limit)),
    close: async (place, epoch, limit) => {
      const shards = fenceShards(place.cell);
      const to = { epoch, active: null };
      const raised = await raiseFence({ table: store(place), shards, to, clock, rng }, within(limit));
      return raised.outcome === 'raised';
    },
    pending: async (place, limit) => {
      const options = { ...within(limit), limit: QUERY_LIMIT_MAX };
      const pages = await Promise.all(journalShards.map((shard) => store(place).query(journalPk(shard), options)));
      // What an entry is of stands in its key: counting them takes no look into two thousand commits.
      const entries = pages.flatMap((page) => page.items);
      const fenced = entries.filter(({ sk }) => isFencedEntry(sk)).length;
      return { count: entries.length, fenced, more: pages.some((page) => page.next !== null) };
    },
    quarantined: async (place, limit) => {
      const page = await store(place).query(QUARANTINE, { ...within(limit), limit: QUERY_LIMIT_MAX });
      return page.items.length;
    },
    drain: async ({ cell, from, to }, limit) => {
      const source = store({ cell, region: from });
      const lane = { source, peer: store({ cell, region: to }), fenceShards: fenceShards(cell), clock, rng };
      const swept = await drainJournal(lane, within(limit));
      return { shipped: swept.shipped, complete: swept.left === 0 && swept.failure === undefined };
    },
  };
}
