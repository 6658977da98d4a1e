/**
 * Composition root of a cell: wires keeper, fenced store, replicator, heartbeat and relay for one process, and runs their
 * loops. All services of the process share the one that was started first.
 */
import { type Clock, systemClock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';
import { type Rng, systemRng } from '../core/rng.ts';
import { type CellConfig, cellConfig, type Environment, required } from './cell-config.ts';
import type { CellRuntime, Standing } from './cell-runtime.ts';
import type { ConflictRule } from './cell-store.ts';
import { LeaseArbiter } from './lease/lease-arbiter.ts';
import { LeaseKeeper } from './lease/lease-keeper.ts';
import { OutboxRelay } from './outbox/outbox-relay.ts';
import { PlacementCopy } from './placement-copy.ts';
import { QuarantineDesk } from './reconcile/quarantine-desk.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { Heartbeat } from './replication/heartbeat.ts';
import { JournalLook } from './replication/journal-look.ts';
import { PeerHealth } from './replication/peer-health.ts';
import { PeerTable } from './replication/peer-table.ts';
import { Replicator } from './replication/replicator.ts';
import { FencedStore } from './store/fenced-store.ts';
import { StoreCounters } from './store/store-counters.ts';
import { ARBITER_TABLE, cellTableName, QUARANTINE } from './store/table-layout.ts';
import { dynamoClient, ensureTable } from './table/dynamo-client.ts';
import { DynamoTable } from './table/dynamo-table.ts';
import { QUERY_LIMIT_MAX, type Table } from './table/table.ts';
import { warmUp } from './warm-up.ts';

const STATUS_CALL_MS_MAX = 500;

export interface CellTables {
  readonly own: Table;
  readonly peer: Table;
  readonly arbiter: Table;
}

export interface RunningCell {
  readonly runtime: CellRuntime;
  /** A page for operators and drills; reads the own store once, for the quarantine. */
  status(): Promise<CellStatus>;
  /** What arrived too late, for people. */
  readonly quarantine: QuarantineDesk;
  /** The doorbell: look at the lease now. */
  ring(): void;
  stop(): Promise<void>;
}

export type CellStatus = Awaited<ReturnType<typeof statusOf>>;

let started: RunningCell | null = null;

/** The runtime of this process. Throws `INTERNAL` before `startCellRuntime`. */
export function getCellRuntime(): CellRuntime {
  if (started) return started.runtime;
  throw new PlatformError({
    code: 'INTERNAL',
    kind: 'bug',
    effect: 'none',
    message: 'No cell runtime in this process. Call startCellRuntime(env) before a service is loaded.',
  });
}

/** Starts the runtime of this process once; a second call gets the first one's. */
export async function startCellRuntime(env: Environment): Promise<RunningCell> {
  if (started) return started;
  const config = cellConfig(env);
  const tables = await openTables(config, systemClock);
  if (started) return started;
  const cell = composeCell({ config, tables, clock: systemClock, rng: systemRng, env });
  const ending = new AbortController();
  const { store } = cell.runtime;
  // A warm-up that fails has warmed nothing and broken nothing.
  void warmUp({ store, region: config.region, clock: systemClock, signal: ending.signal }).catch(() => undefined);
  started = {
    ...cell,
    stop: () => {
      ending.abort();
      return cell.stop();
    },
  };
  return started;
}

async function openTables(config: CellConfig, clock: Clock): Promise<CellTables> {
  const table = (name: string, endpoint: { region: string; url?: string | undefined }) => {
    const { region, url } = endpoint;
    const client = dynamoClient({ region, ...(url === undefined ? {} : { url }) });
    return { client, table: new DynamoTable({ client, name, clock }) };
  };
  const name = cellTableName(config.cell);
  const own = table(name, { region: config.region, url: config.storeUrl });
  const peer = table(name, { region: config.peer, url: config.peerStoreUrl });
  const arbiter = table(ARBITER_TABLE, { region: config.region, url: config.arbiterUrl });
  // On AWS the stacks create the tables; an engine on one machine begins empty.
  if (config.storeUrl !== undefined) await ensureTable({ client: own.client, name, clock });
  return { own: own.table, peer: peer.table, arbiter: arbiter.table };
}

export interface CellParts {
  readonly config: CellConfig;
  readonly tables: CellTables;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly env: Environment;
}

/** Wires one cell in one region and starts its loops. The simulation and the tests call it with their own parts. */
export function composeCell({ config, tables: given, clock, rng, env }: CellParts): RunningCell {
  const { cell, region, peer, fenceShards } = config;
  const health = new PeerHealth({ clock, leaseTtlMs: config.leaseTtlMs });
  const tables = { ...given, peer: new PeerTable(given.peer, health) };
  const keeper = new LeaseKeeper({
    ...{ ...config, ttlMs: config.leaseTtlMs, own: tables.own },
    arbiter: new LeaseArbiter(tables.arbiter),
    arbiterTable: tables.arbiter,
    clock,
    rng,
    onOpen: ({ peerReachable, sentAtMs }) => {
      if (!peerReachable) health.declareGone({ sinceMs: sentAtMs });
    },
  });
  const lane = { source: tables.own, peer: tables.peer, fenceShards, clock, rng };
  const replicator = new Replicator({ ...lane, health, peerLoss: config.peerLoss });
  const heartbeat = new Heartbeat({
    ...{ region, peerRegion: peer, own: tables.own, peer: tables.peer, fenceShards, lease: keeper, health, clock, rng },
    record: () => keeper.record,
    journal: new JournalLook({ source: tables.own, clock, replicator }),
  });
  const counters = new StoreCounters();
  const relay = new OutboxRelay({ table: tables.own, lease: keeper, clock, rng });
  const store = new FencedStore({
    ...{ table: tables.own, region, fenceShards, lease: keeper, replication: replicator, counters, clock, rng },
    ...{ onFenced: () => keeper.ring(), onMessages: () => relay.ring() },
  });
  const placement = new PlacementCopy({ arbiter: tables.arbiter, clock, rng });

  const rules = new Map<string, ConflictRule>();
  const reconciling = {
    ...{ region, peerRegion: peer, own: tables.own, peer: tables.peer, store, lease: keeper, clock, rng },
    everyMs: config.leaseTtlMs,
    ruleOf: (aggregate: string) => [...rules.values()].find(({ prefix }) => aggregate.startsWith(prefix)) ?? null,
  };
  const reconciler = new Reconciler(reconciling);

  const stopping = new AbortController();
  const automatic = config.reconcile === 'manual' ? [] : [reconciler];
  const loops = [keeper, replicator, heartbeat, relay, placement, ...automatic].map((part) =>
    part.run(stopping.signal),
  );
  const runtime: CellRuntime = {
    identity: { cell, region, peer },
    store,
    clock,
    rng,
    standing: () => toStanding(keeper),
    servesTenant: (tenant) => placement.gives(tenant, cell),
    stalenessMs: () => heartbeat.stalenessMs(),
    copyStalenessMs: () => heartbeat.copyStalenessMs(),
    commitMark: () => heartbeat.staleness.mark(),
    hasPeersMark: (mark) => heartbeat.staleness.includes(mark),
    onMessage: (handler) => relay.register(handler),
    onConflict: (rule) => void rules.set(rule.prefix, rule),
    setting: (name) => required(env, name),
  };
  return {
    runtime,
    status: () =>
      statusOf({ config, keeper, replicator, heartbeat, relay, counters, placement, own: tables.own, clock }),
    quarantine: new QuarantineDesk(reconciling),
    ring: () => keeper.ring(),
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(loops);
    },
  };
}

function toStanding(keeper: LeaseKeeper): Standing {
  const standing = keeper.standing();
  if (standing.held) return { state: 'active', epoch: standing.epoch };
  return { state: 'standby', owner: standing.owner, epoch: standing.epoch };
}

async function statusOf(parts: {
  config: CellConfig;
  keeper: LeaseKeeper;
  replicator: Replicator;
  heartbeat: Heartbeat;
  relay: OutboxRelay;
  counters: StoreCounters;
  placement: PlacementCopy;
  own: Table;
  clock: Clock;
}) {
  const { config, keeper, replicator, heartbeat, relay, counters, placement, own, clock } = parts;
  const bounds = { deadlineAtMs: clock.monotonicMs() + STATUS_CALL_MS_MAX };
  const quarantine = await own.query(QUARANTINE, { ...bounds, limit: QUERY_LIMIT_MAX }).catch(() => null);
  return {
    cell: config.cell,
    region: config.region,
    standing: toStanding(keeper),
    lease: keeper.status,
    replication: { ...replicator.status, stalenessMs: heartbeat.stalenessMs() },
    /** `null`: the own store did not answer in time. */
    quarantine: quarantine && { count: quarantine.items.length, more: quarantine.next !== null },
    outboxWaiting: relay.waiting,
    placementVersion: placement.version,
    counters: { ...counters },
  };
}
