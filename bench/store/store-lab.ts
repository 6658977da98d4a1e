/**
 * What the store bench measures on: two engine processes of its own (this region's store and its peer's), reached directly
 * without fault links, and the platform's own fenced store and replicator in front. Only the lease is a stand-in, held for
 * ever: on the real commit path it is a look at a clock in memory too.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Client } from 'undici';
import type { LeaseView } from '../../cell/lease/lease-view.ts';
import { PeerHealth } from '../../cell/replication/peer-health.ts';
import { PeerTable } from '../../cell/replication/peer-table.ts';
import { Replicator } from '../../cell/replication/replicator.ts';
import { FencedStore } from '../../cell/store/fenced-store.ts';
import { raiseFence } from '../../cell/store/raise-fence.ts';
import { StoreCounters } from '../../cell/store/store-counters.ts';
import { dynamoClient, ensureTable } from '../../cell/table/dynamo-client.ts';
import { DynamoTable } from '../../cell/table/dynamo-table.ts';
import type { Table } from '../../cell/table/table.ts';
import { systemClock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { epoch, regionName } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import { fenceShards } from '../../core/topology-sizing.ts';
import { startEngineChild } from '../../local/engine/engine-child.ts';
import { engineName } from '../../local/engine/engine-command.ts';
import { engineVersion } from '../../local/engine/engine-version.ts';
import { machineProbes } from '../../local/engine/machine-probes.ts';
import { resolveEngine } from '../../local/engine/resolve-engine.ts';
import { findProject } from '../../local/project-root.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';
import topology from '../../platform.config.ts';
import type { Scope } from '../scope.ts';

export const TABLE = 'holdfast-bench';
const EPOCH = epoch(1);
export const HERE = regionName('us-east-1');
const PEER = regionName('us-west-2');
const LEASE: LeaseView = { standing: () => ({ held: true, epoch: EPOCH }) };
const SETUP_MS_MAX = 10_000;

export interface StoreLab {
  readonly sdk: DynamoDBClient;
  /** A connection that carries one request at a time, for each call in flight. */
  readonly connections: readonly Client[];
  readonly own: Table;
  readonly peer: Table;
  readonly store: FencedStore;
  /** Stands in for the keeper's. */
  readonly lease: LeaseView;
  readonly enginePids: readonly number[];
  readonly engine: { readonly name: string; readonly version: string };
  /** Resolves when all that was committed has been shipped to the peer. */
  settled(): Promise<void>;
}

/** Two engine processes with a table each, fenced for the first one's region. */
export interface TwoStores {
  readonly sdk: DynamoDBClient;
  readonly ownUrl: string;
  readonly own: DynamoTable;
  readonly peer: DynamoTable;
  readonly fenceShards: number;
  readonly enginePids: readonly number[];
  readonly engine: StoreLab['engine'];
}

export async function openTwoStores(scope: Scope): Promise<TwoStores> {
  const engine = resolveEngine(machineProbes(findProject().rootDir));
  if (engine.kind === 'endpoint') {
    throw invalid(
      `DYNAMODB_ENDPOINT names ${engine.url}; this bench measures engine processes that it starts itself. Unset it.`,
    );
  }
  const start = async (name: string) => {
    const log = processLog(scope.dir, name);
    const dir = `${scope.dir}/${name}`;
    const child = scope.own(await startEngineChild({ name, engine, dir, log, clock: systemClock }));
    return { pid: child.pid, url: `http://127.0.0.1:${await child.ready}` };
  };
  const [own, peer] = await Promise.all([start('own.store'), start('peer.store')]);
  const [sdk, ownTable] = await openTable({ url: own.url, region: HERE });
  const [, peerTable] = await openTable({ url: peer.url, region: PEER });
  const [clock, rng] = [systemClock, systemRng];
  const shards = fenceShards({ writesPerSecondMax: topology.cells[0]?.writesPerSecondMax ?? 100 });
  const to = { epoch: EPOCH, active: HERE };
  const bounds = { deadlineAtMs: clock.monotonicMs() + SETUP_MS_MAX };
  for (const table of [ownTable, peerTable]) await raiseFence({ table, shards, to, clock, rng }, bounds);
  return {
    ...{ sdk, ownUrl: own.url, own: ownTable, peer: peerTable, fenceShards: shards, enginePids: [own.pid, peer.pid] },
    engine: { name: engineName(engine), version: engineVersion(engine) },
  };
}

export async function openStoreLab(scope: Scope, options: { readonly inFlightMax: number }): Promise<StoreLab> {
  const stores = await openTwoStores(scope);
  const { sdk, enginePids, engine } = stores;
  const { store, replicator } = composeStore(scope, stores);
  const connections = Array.from({ length: options.inFlightMax }, () => new Client(stores.ownUrl, { pipelining: 1 }));
  scope.onEnd(async () => void (await Promise.all(connections.map((connection) => connection.destroy()))));
  return {
    ...{ sdk, connections, own: stores.own, peer: stores.peer, store, lease: LEASE, enginePids, engine },
    settled: async () => {
      while (replicator.status.pending > 0) await systemClock.sleep(5);
    },
  };
}

async function openTable(at: {
  readonly url: string;
  readonly region: string;
}): Promise<[DynamoDBClient, DynamoTable]> {
  const client = dynamoClient(at);
  await ensureTable({ client, name: TABLE, clock: systemClock });
  return [client, new DynamoTable({ client, name: TABLE, clock: systemClock })];
}

function composeStore(scope: Scope, { own, peer, fenceShards: shards }: TwoStores) {
  const [clock, rng] = [systemClock, systemRng];
  const replicator = replicatorOf({ own, peer, fenceShards: shards });
  const store = new FencedStore({
    ...{ table: own, region: HERE, fenceShards: shards, replication: replicator, clock, rng },
    lease: LEASE,
    counters: new StoreCounters(),
    onFenced: () => undefined,
    onMessages: () => undefined,
  });
  runReplicator(scope, replicator);
  return { store, replicator };
}

export function replicatorOf({ own, peer, fenceShards: shards }: Pick<TwoStores, 'own' | 'peer' | 'fenceShards'>) {
  const [clock, rng] = [systemClock, systemRng];
  const health = new PeerHealth({ clock, leaseTtlMs: topology.lease.ttlMs });
  const answering = new PeerTable(peer, health);
  return new Replicator({ source: own, peer: answering, fenceShards: shards, clock, rng, health, peerLoss: 'refuse' });
}

/** Until the end of the scope. */
export function runReplicator(scope: Scope, replicator: Replicator): void {
  const stopping = new AbortController();
  const loop = replicator.run(stopping.signal);
  scope.onEnd(() => {
    stopping.abort();
    return loop;
  });
}
