/**
 * What a platform without a single request uses in a month: keepers, sweeps and probes by the minute, alarms and dashboards by
 * being there. Counts of resources are the stacks' own (`INVENTORY`, which a test compares with what is synthesised), units of
 * the tables those of the functions' turns (`idle-turns.ts`). Free whatever the number, and so not here: schedules, roles, the
 * budget, parameters, empty queues, reads of streams by Lambda.
 */
import { FENCE_SHARDS_MAX } from '../../core/fence.ts';
import type { CellSpec, Topology } from '../../core/topology.ts';
import type { KeeperCadence } from '../../core/topology-aws.ts';
import { fenceShards } from '../../core/topology-sizing.ts';
import {
  added,
  LOG_BYTES_OF_LAMBDA,
  LOG_BYTES_OF_LINE,
  TURNS,
  type TurnName,
  type TurnUnits,
  unitsOfTurns,
} from './idle-turns.ts';
import { lambdaUsage, type Usage } from './usage.ts';

/** Of a month, as AWS bills it: 730 hours. */
export const MINUTES = 43_800;
const MINUTE_MS = 60_000;
const GIGABYTE = 1_000_000_000;

/**
 * What costs by being there (alarms by their metrics: one over three of them costs three), and what is called every minute, in
 * each stack. Metrics of our own are sent only while something is wrong, so an idle platform has none.
 */
export const INVENTORY = {
  /** Of each cell in each region. */
  cell: { alarms: 5, dashboards: 0, perMinute: ['keeper', 'replicator', 'relay'] },
  /** Of each region. */
  region: { alarms: 4, dashboards: 0, perMinute: ['publisher', 'probe'] },
  /** Of all. */
  operations: { alarms: 0, dashboards: 1, perMinute: [] },
} as const satisfies Readonly<
  Record<string, { readonly alarms: number; readonly dashboards: number; readonly perMinute: readonly TurnName[] }>
>;

/** A renewal is written to both replicas of the arbiter; the witness is not billed. */
const ARBITER_REPLICAS = 2;
/** The half of the standby region that one region alone would not have. */
const STANDBY = 0.5;
/** Of the map, by a router that is asked after a while, and by the publisher. */
const MAP_LOOKS = 1;

export interface IdleOptions {
  readonly topology: Pick<Topology, 'regions' | 'cells' | 'lease'>;
  readonly keepers: KeeperCadence;
}

export function idleUsage({ topology, keepers }: IdleOptions): readonly Usage[] {
  const { regions, cells } = topology;
  const places = cells.length * 2;
  // Each region's probe asks the routers of the others, and each of them every cell where it is active.
  const asked = regions.length * (regions.length - 1);
  return [
    ...cells.flatMap((cell) => storeUsage(cell, { topology, keepers, asked })),
    ...standing('cells', { count: places, inventory: INVENTORY.cell, resilience: STANDBY }),
    ...standing('regions', { count: regions.length, inventory: INVENTORY.region, resilience: STANDBY }),
    ...standing('operations', { count: 1, inventory: INVENTORY.operations, resilience: 0 }),
    ...INVENTORY.cell.perMinute.flatMap((name) => turns(name, { perMinute: places, keepers })),
    ...INVENTORY.region.perMinute.flatMap((name) => turns(name, { perMinute: regions.length, keepers })),
    ...turns('router', { perMinute: asked, keepers }),
    ...turns('service', { perMinute: asked * cells.length, keepers }),
    ...logUsage('what probes saw of cells', {
      lines: asked * cells.length,
      bytes: LOG_BYTES_OF_LINE,
      resilience: STANDBY,
    }),
    ...mapUsage({ regions: regions.length, cells: cells.length, asked }),
  ];
}

function turns(name: TurnName, of: { readonly perMinute: number; readonly keepers: KeeperCadence }): readonly Usage[] {
  const turn = TURNS[name];
  const { resilience } = turn;
  const stays = name === 'keeper' && of.keepers === 'fast';
  const what = name === 'router' || name === 'service' ? `${name}, asked by probes` : name;
  return [
    ...lambdaUsage({ what, calls: of.perMinute * MINUTES, ...turn, ...(stays ? { durationMs: MINUTE_MS } : {}) }),
    ...logUsage(what, { lines: of.perMinute, bytes: LOG_BYTES_OF_LAMBDA, resilience }),
    ...(WRITES_A_LINE.has(name) ? logUsage(what, { lines: of.perMinute, bytes: LOG_BYTES_OF_LINE, resilience }) : []),
  ];
}

const WRITES_A_LINE: ReadonlySet<TurnName> = new Set(['keeper', 'replicator', 'relay', 'publisher']);

function logUsage(
  what: string,
  { lines, bytes, resilience }: { readonly lines: number; readonly bytes: number; readonly resilience: number },
): readonly Usage[] {
  const quantity = (lines * MINUTES * bytes) / GIGABYTE;
  return [{ component: 'CloudWatch logs', what, price: 'logGigabytes', quantity, resilience }];
}

function standing(
  what: string,
  of: {
    readonly count: number;
    readonly inventory: { readonly alarms: number; readonly dashboards: number };
    readonly resilience: number;
  },
): readonly Usage[] {
  const { count, inventory, resilience } = of;
  const row = (component: string, price: 'alarms' | 'dashboards') => ({
    ...{ component, what, price, resilience },
    quantity: count * inventory[price],
  });
  return [row('CloudWatch alarms', 'alarms'), row('CloudWatch dashboards', 'dashboards')];
}

/** What the functions of one cell ask of its two tables and of the arbiter. */
function storeUsage(
  cell: CellSpec,
  of: { readonly topology: IdleOptions['topology']; readonly keepers: KeeperCadence; readonly asked: number },
): readonly Usage[] {
  const fast = of.keepers === 'fast';
  const cadence = { beats: fast ? MINUTE_MS / of.topology.lease.renewEveryMs : 1, short: fast };
  const shards = Math.min(FENCE_SHARDS_MAX, fenceShards(cell));
  const { owner, standby } = unitsOfTurns({ shards, asked: of.asked, cadence });
  return [
    ...dynamoUsage(`${cell.id}: lease`, { units: added(owner.keeper, standby.keeper), resilience: 1 }),
    ...dynamoUsage(`${cell.id}: heartbeats and journals`, {
      units: added(owner.replicator, standby.replicator),
      resilience: 1,
    }),
    ...dynamoUsage(`${cell.id}: outboxes and quarantines`, {
      units: added(owner.relay, standby.relay),
      resilience: STANDBY,
    }),
    ...dynamoUsage(`${cell.id}: probes`, { units: owner.service, resilience: STANDBY }),
  ];
}

function dynamoUsage(
  what: string,
  { units, resilience }: { readonly units: TurnUnits; readonly resilience: number },
): readonly Usage[] {
  const month = (perMinute: number) => perMinute * MINUTES;
  const [reads, writes] = ['DynamoDB reads', 'DynamoDB writes'];
  const replicated = month(units.arbiterWrites) * ARBITER_REPLICAS;
  return [
    { component: reads, what, price: 'readUnits', quantity: month(units.reads + units.arbiterReads), resilience },
    { component: writes, what, price: 'writeUnits', quantity: month(units.writes), resilience },
    { component: writes, what, price: 'replicatedWriteUnits', quantity: replicated, resilience },
  ];
}

function mapUsage(of: { readonly regions: number; readonly cells: number; readonly asked: number }): readonly Usage[] {
  // Of each cell the lease and both addresses; and the placement.
  const quantity = of.regions * MINUTES * (3 * of.cells + 1);
  const looks = (of.regions + of.asked) * MAP_LOOKS * MINUTES;
  return [
    { component: 'DynamoDB reads', what: 'publisher', price: 'readUnits', quantity, resilience: 1 },
    // The publisher writes only what changed, and nothing does.
    { component: 'S3', what: 'looks at the map as it stands', price: 's3Gets', quantity: looks, resilience: 1 },
  ];
}
