/** One cell in two regions on tables in memory and a fake clock, every link of it breakable: the protocol's smallest world. */
import { composeCell, type RunningCell } from '../../cell/runtime.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { tableFailoverPorts } from '../../control/adapters/table-failover-ports.ts';
import { FailoverCoordinator } from '../../control/failover/coordinator.ts';
import { decide, type Request } from '../../control/failover/decide.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import type { Aggregate, CommitReceipt } from '../../core/commit.ts';
import type { AckMode, ConsistencyClass } from '../../core/consistency.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { aggregateId, cellId, type RegionName, regionName } from '../../core/ids.ts';
import { LeaseWatch } from '../../core/lease-watch.ts';
import { seededRng } from '../../core/rng.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { FaultyTable, noDeadline } from './faulty-table.ts';

export const EAST = regionName('us-east-1');
export const WEST = regionName('us-west-2');
export const CELL = cellId('c01');
export const TTL_MS = 3_000;
const FENCE_SHARDS = 4;

interface Reconciling {
  readonly reconcile?: 'automatic' | 'manual';
}

export interface RegionParts {
  readonly cell: RunningCell;
  readonly own: FaultyTable;
  readonly peer: FaultyTable;
  readonly arbiter: FaultyTable;
}

export class TwoRegions {
  readonly clock = new FakeClock();
  readonly arbiter = new MemoryTable();
  readonly stores: Record<string, MemoryTable> = { [EAST]: new MemoryTable(), [WEST]: new MemoryTable() };
  readonly regions: Record<string, RegionParts> = {};
  readonly operator: Record<string, FaultyTable> = {};
  /** Regions that no doorbell reaches. */
  readonly deaf = new Set<RegionName>();
  #ids = 0;

  readonly #reconcile: 'automatic' | 'manual';

  constructor({ reconcile = 'automatic' }: Reconciling = {}) {
    this.#reconcile = reconcile;
    for (const region of [EAST, WEST]) this.operator[region] = new FaultyTable(this.#store(region));
    this.operator.arbiter = new FaultyTable(this.arbiter);
    this.start(EAST);
    this.start(WEST);
  }

  /** Starts (or, as after a crash, starts again) the process of a region; its memory is new, its store is not. */
  start(region: RegionName, { reconcile = this.#reconcile }: Reconciling = {}): RegionParts {
    const peerRegion = region === EAST ? WEST : EAST;
    const own = new FaultyTable(this.#store(region));
    const peer = new FaultyTable(this.#store(peerRegion));
    const arbiter = new FaultyTable(this.arbiter);
    const config = {
      cell: CELL,
      region,
      peer: peerRegion,
      home: EAST,
      leaseTtlMs: TTL_MS,
      renewEveryMs: TTL_MS / 4,
      fenceShards: FENCE_SHARDS,
      peerLoss: 'continue',
      reconcile,
    } as const;
    const tables = { own, peer, arbiter };
    const cell = composeCell({ config, tables, clock: this.clock, rng: seededRng(region.length), env: {} });
    this.regions[region] = { cell, own, peer, arbiter };
    return this.regions[region];
  }

  at(region: RegionName): RegionParts {
    const parts = this.regions[region];
    if (!parts) throw new Error(`no region ${region}`);
    return parts;
  }

  /** Reads, adds one item, commits: what a service does. */
  async put(
    region: RegionName,
    write: { key: string; value: string; ack?: AckMode; class?: ConsistencyClass },
  ): Promise<CommitReceipt> {
    const { store } = this.at(region).cell.runtime;
    const aggregate = aggregateId(write.key);
    const { head } = await store.read(aggregate, noDeadline);
    const changes = [{ kind: 'put', item: 'value', data: { value: write.value } }] as const;
    const draft = { aggregate, class: write.class ?? 'strict', expected: head, changes } as const;
    return this.settle(store.commit(draft, { ack: write.ack ?? 'local', ...noDeadline }));
  }

  async read(region: RegionName, key: string): Promise<Aggregate> {
    return this.settle(this.at(region).cell.runtime.store.read(aggregateId(key), noDeadline));
  }

  async value(region: RegionName, key: string): Promise<unknown> {
    return (await this.read(region, key)).items.get('value')?.value ?? null;
  }

  coordinator(from: RegionName, watch = new LeaseWatch(this.clock)) {
    const ports = tableFailoverPorts({
      arbiter: this.#operatorTable('arbiter'),
      store: ({ region }) => this.#operatorTable(region),
      fenceShards: () => FENCE_SHARDS,
      ring: ({ region }) => {
        if (!this.deaf.has(region)) this.regions[region]?.cell.ring();
      },
      clock: this.clock,
      rng: seededRng(from.length),
    });
    const coordinator = new FailoverCoordinator({
      ports,
      clock: this.clock,
      watchOf: () => watch,
      newId: () => `failover-${++this.#ids}`,
    });
    return { coordinator, ports };
  }

  /** Decides and runs it, advancing the clock until it ends. */
  async move(request: Partial<Request> & Pick<Request, 'kind'>): Promise<FailoverRecord> {
    const { coordinator, ports } = this.coordinator(WEST);
    const topology = defaultTopology({ cells: 1 });
    const full = { cell: CELL, to: null, decidedBy: 'test', reason: 'test', ...request };
    const decision = await this.settle(decide(full, { ports, topology, clock: this.clock }));
    return this.settle(coordinator.run(decision));
  }

  /** Lets time run in small steps until the promise is settled; at most a minute of it. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => undefined);
    for (let step = 0; !settled && step < 6_000; step++) await this.clock.advance(step === 0 ? 0 : 10);
    if (!settled) throw new Error('not settled after a minute of fake time');
    return watched;
  }

  /** Everything of a region's process stops answering and asking, as after a crash; its store stays up. */
  async crash(region: RegionName): Promise<void> {
    await this.settle(this.at(region).cell.stop());
  }

  loseStore(region: RegionName): void {
    this.at(region).own.state = 'timeout';
    this.at(region === EAST ? WEST : EAST).peer.state = 'timeout';
    this.#operatorTable(region).state = 'timeout';
  }

  /** The store answers again, to everybody but those whose process is gone. */
  findStore(region: RegionName): void {
    this.at(region).own.state = 'up';
    this.at(region === EAST ? WEST : EAST).peer.state = 'up';
    this.#operatorTable(region).state = 'up';
  }

  /** Only whoever runs the failover can't reach the store; the region itself is well. */
  hideFromOperator(region: RegionName): void {
    this.#operatorTable(region).state = 'timeout';
  }

  #operatorTable(name: string): FaultyTable {
    const table = this.operator[name];
    if (!table) throw new Error(`no table ${name}`);
    return table;
  }

  #store(region: RegionName): MemoryTable {
    const store = this.stores[region];
    if (!store) throw new Error(`no store ${region}`);
    return store;
  }
}
