/**
 * What a platform without a single request uses in a month: keepers, sweeps and probes by the minute, alarms and dashboards by
 * being there. Durations and reads of a turn are cautious estimates, stated here; counts of resources are the stacks' own
 * (`INVENTORY`, which a test compares with what is synthesised).
 */
import { FENCE_SHARDS_MAX } from '../../core/fence.ts';
import type { CellSpec, Topology } from '../../core/topology.ts';
import type { KeeperCadence } from '../../core/topology-aws.ts';
import { fenceShards } from '../../core/topology-sizing.ts';
import { lambdaUsage, type Usage } from './usage.ts';

/** Of a month, as AWS bills it: 730 hours. */
export const MINUTES = 43_800;
const MINUTE_MS = 60_000;

/** What costs by being there (alarms by their metrics: one over three of them costs three), and what is called every minute, in each stack. */
export const INVENTORY = {
  /** Of each cell in each region. */
  // Metrics: `ReplicationLag`, and `LeaseHeld` where the lease is; a figure of 0 is none (cell/functions/emit-metrics.ts).
  cell: { alarms: 7, dashboards: 0, customMetrics: 1.5, perMinute: ['keeper', 'replicator', 'relay'] },
  /** Of each region. */
  region: { alarms: 4, dashboards: 0, customMetrics: 1, perMinute: ['publisher', 'probe'] },
  /** Of all. */
  operations: { alarms: 0, dashboards: 1, customMetrics: 0, perMinute: [] },
} as const;

interface Turn {
  readonly memoryMb: number;
  readonly durationMs: number;
  /** Of which one region without fencing needs nothing. */
  readonly resilience: number;
}

/** With its share of cold starts. One region without fencing needs the relay (outbox) and a probe, and none of the others. */
const TURNS: Readonly<Record<string, Turn>> = {
  keeper: { memoryMb: 256, durationMs: 150, resilience: 1 },
  replicator: { memoryMb: 256, durationMs: 250, resilience: 1 },
  relay: { memoryMb: 256, durationMs: 250, resilience: 0 },
  publisher: { memoryMb: 256, durationMs: 200, resilience: 1 },
  probe: { memoryMb: 256, durationMs: 300, resilience: 0 },
};
/** The probe asks the router. */
const ROUTER_TURN: Turn = { memoryMb: 512, durationMs: 50, resilience: 0 };
/** Lambda's own lines for a call: start, end, report. */
const LOG_BYTES_PER_CALL = 400;
const GIGABYTE = 1_000_000_000;
/** Shards of journal, and of outbox, each looked at by one query. */
const SHARDS = 4;
/** A renewal is written to both replicas of the arbiter; the witness is not billed. */
const ARBITER_REPLICAS = 2;
/** Of the turns of a function that is called every minute. */
const COLD_STARTS = 0.1;
/** A transaction that checks a shard of the fence and writes one small item. */
const PROBE_UNITS = 4;
/** The half of the standby region that one region alone would not have. */
const STANDBY = 0.5;

export interface IdleOptions {
  readonly topology: Pick<Topology, 'regions' | 'cells' | 'lease'>;
  readonly keepers: KeeperCadence;
}

export function idleUsage({ topology, keepers }: IdleOptions): readonly Usage[] {
  const { regions, cells, lease } = topology;
  const places = cells.length * 2;
  const beats = keepers === 'fast' ? MINUTE_MS / lease.renewEveryMs : 1;
  return [
    ...cells.flatMap((cell) => cellReadsAndWrites(cell, { beats })),
    ...standing('cells', { count: places, inventory: INVENTORY.cell, resilience: STANDBY }),
    ...standing('regions', { count: regions.length, inventory: INVENTORY.region, resilience: STANDBY }),
    ...standing('operations', { count: 1, inventory: INVENTORY.operations, resilience: 0 }),
    ...INVENTORY.cell.perMinute.flatMap((name) => turnsOf(name, { count: places, keepers })),
    ...INVENTORY.region.perMinute.flatMap((name) => turnsOf(name, { count: regions.length, keepers })),
    ...turns('router, asked by the probe', { turn: ROUTER_TURN, calls: regions.length * MINUTES }),
    ...regionReadsAndWrites({ regions: regions.length, cells: cells.length }),
  ];
}

function turnsOf(name: string, of: { readonly count: number; readonly keepers: KeeperCadence }): readonly Usage[] {
  const turn = TURNS[name];
  if (!turn) throw new RangeError(`The estimate knows no turn of ${name}.`);
  const calls = of.count * MINUTES;
  const stays = name === 'keeper' && of.keepers === 'fast';
  const halved = turn.resilience === 0 ? STANDBY : turn.resilience;
  return turns(name, { turn: { ...turn, resilience: halved, ...(stays ? { durationMs: MINUTE_MS } : {}) }, calls });
}

function turns(what: string, { turn, calls }: { readonly turn: Turn; readonly calls: number }): readonly Usage[] {
  const { resilience } = turn;
  const gigabytes = (calls * LOG_BYTES_PER_CALL) / GIGABYTE;
  return [
    ...lambdaUsage({ what, calls, ...turn }),
    { component: 'CloudWatch logs', what, price: 'logGigabytes', quantity: gigabytes, resilience },
  ];
}

function standing(
  what: string,
  of: {
    readonly count: number;
    readonly inventory: { readonly alarms: number; readonly dashboards: number; readonly customMetrics: number };
    readonly resilience: number;
  },
): readonly Usage[] {
  const { count, inventory, resilience } = of;
  const row = (component: string, price: 'alarms' | 'dashboards' | 'customMetrics') => ({
    ...{ component, what, price, resilience },
    quantity: count * inventory[price],
  });
  return [
    row('CloudWatch alarms', 'alarms'),
    row('CloudWatch dashboards', 'dashboards'),
    row('CloudWatch metrics', 'customMetrics'),
  ];
}

/** Of one cell in both regions: lease, probe of the own store, heartbeats, sweeps. `beats`: keeper turns a minute. */
function cellReadsAndWrites(cell: CellSpec, { beats }: { readonly beats: number }): readonly Usage[] {
  const shards = Math.min(FENCE_SHARDS_MAX, fenceShards(cell));
  // Only a process that begins reads the whole fence.
  const keeperReads = 2 * (1 + COLD_STARTS * shards);
  const sweepReads = 2 * (SHARDS + 1);
  const relayReads = 2 * (SHARDS + 3);
  const month = (perMinute: number) => perMinute * MINUTES;
  const dynamo = (what: string, price: Usage['price'], quantity: number, resilience: number): Usage => ({
    ...{ component: price === 'readUnits' ? 'DynamoDB reads' : 'DynamoDB writes', what: `${cell.id}: ${what}` },
    ...{ price, quantity, resilience },
  });
  return [
    dynamo('renewals in the arbiter', 'replicatedWriteUnits', month(beats * ARBITER_REPLICAS), 1),
    dynamo('the keeper’s proof that its store takes writes', 'writeUnits', month(beats * PROBE_UNITS), 1),
    dynamo('heartbeats', 'writeUnits', month(2), 1),
    dynamo('leases and fences', 'readUnits', month(beats * keeperReads), 1),
    dynamo('journals', 'readUnits', month(sweepReads), 1),
    dynamo('outboxes and quarantines', 'readUnits', month(relayReads), STANDBY),
  ];
}

function regionReadsAndWrites(of: { readonly regions: number; readonly cells: number }): readonly Usage[] {
  const calls = of.regions * MINUTES;
  return [
    {
      ...{ component: 'DynamoDB reads', what: 'publisher: leases, addresses, placement', price: 'readUnits' },
      ...{ quantity: calls * (3 * of.cells + 1), resilience: 1 },
    },
    // It writes only what changed, and nothing does.
    { component: 'S3', what: 'publisher: the snapshot as it stands', price: 's3Gets', quantity: calls, resilience: 1 },
  ];
}
