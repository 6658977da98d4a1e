/**
 * One cell in two regions: the real protocol code, each process on its own clock, each link and store breakable. Knows
 * how things are wired and how they fail; what must hold is the oracle's.
 * Long because it is the one place that knows all parts of what is simulated.
 */
import { composeCell, type RunningCell } from '../../cell/runtime.ts';
import type { TableWrite } from '../../cell/table/table.ts';
import { tableFailoverPorts } from '../../control/adapters/table-failover-ports.ts';
import { FailoverCoordinator } from '../../control/failover/coordinator.ts';
import { decide } from '../../control/failover/decide.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { isPlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import { LeaseWatch } from '../../core/lease-watch.ts';
import { seededRng } from '../../core/rng.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { isFailingOver, type Trouble } from './coverage.ts';
import { EventQueue } from './event-queue.ts';
import {
  CELL,
  CLOCK_RATE_DRIFT_MAX,
  EAST,
  LINKS,
  type Move,
  peerOf,
  REGIONS,
  renewEveryMs,
  type Schedule,
  STORES,
} from './schedule.ts';
import type { UnderWay } from './sim-call.ts';
import { SimLink, WAN_MS } from './sim-link.ts';
import { SimProcess } from './sim-process.ts';
import { type Effect, SimStore } from './sim-store.ts';
import { SimTable } from './sim-table.ts';
import { hashOf } from './trace.ts';

const TOPOLOGY = defaultTopology({ cells: 1 });

export interface CellProcess {
  readonly process: SimProcess;
  readonly cell: RunningCell;
}

interface Operator {
  readonly process: SimProcess;
  /** Moves that its process is carrying out. */
  moving: number;
  readonly coordinator: FailoverCoordinator;
  readonly ports: ReturnType<typeof tableFailoverPorts>;
}

export interface WorldOptions {
  readonly schedule: Schedule;
  readonly observe: (effect: Effect) => void;
  readonly note: (line: string) => void;
  /** A process sends a commit under an epoch that it does not hold at that instant. */
  readonly onUnheldSend: (process: string, epoch: number) => void;
}

export class World {
  readonly schedule: Schedule;
  readonly queue = new EventQueue();
  readonly stores = new Map<string, SimStore>();
  readonly links = new Map<string, SimLink>();
  /** By process name; with twins two of each region. */
  readonly cells = new Map<string, CellProcess>();
  /** Kinds of trouble that really occurred, not only were drawn. */
  readonly seen = new Set<Trouble>();
  readonly #storeOf = new Map<RegionName, SimStore>();
  readonly #cellsIn = new Map<RegionName, readonly CellProcess[]>();
  readonly #operators = new Map<RegionName, Operator>();
  /** Requests that were sent before the heal and may still take effect. */
  readonly late: UnderWay = { underWay: 0 };
  sending: UnderWay = this.late;
  readonly #note: (line: string) => void;
  readonly #onUnheldSend: WorldOptions['onUnheldSend'];
  /** How a move's process falls, by the process that began it. */
  readonly #falls = new Map<SimProcess, NonNullable<Move['falls']>>();
  #incarnations = 0;
  #ids = 0;

  constructor(options: WorldOptions) {
    this.schedule = options.schedule;
    this.#note = options.note;
    this.#onUnheldSend = options.onUnheldSend;
    const { observe, schedule } = options;
    for (const name of STORES) this.stores.set(name, new SimStore({ name, observe, torn: schedule.torn === true }));
    for (const region of REGIONS) this.#storeOf.set(region, this.store(`store@${region}`));
    for (const name of LINKS) this.links.set(name, new SimLink({ name, rng: this.#rng(name) }));
    if (schedule.twins) this.saw('two processes of the cell in one region');
    for (const region of REGIONS) {
      for (const name of this.cellNamesIn(region)) this.startCell(name);
      this.startOperator(region);
    }
  }

  store(name: string): SimStore {
    return known(this.stores, name);
  }

  storeOf(region: RegionName): SimStore {
    return known(this.#storeOf, region);
  }

  link(name: string): SimLink {
    return known(this.links, name);
  }

  cellNamesIn(region: RegionName): readonly string[] {
    return this.schedule.twins ? [`cell@${region}`, `twin@${region}`] : [`cell@${region}`];
  }

  /** Asked after every event, so the list is kept. */
  cellsIn(region: RegionName): readonly CellProcess[] {
    return this.#cellsIn.get(region) ?? [];
  }

  /** `null`: this world has none of that name (a twin where there are none). */
  processNamed(name: string): SimProcess | null {
    if (name.startsWith('operator@')) return known(this.#operators, regionOf(name)).process;
    return this.cells.get(name)?.process ?? null;
  }

  saw(trouble: Trouble): void {
    this.seen.add(trouble);
  }

  /** From here on what is sent is not waited for before the end is judged; what was sent before is. */
  chaosEnds(): void {
    this.sending = { underWay: 0 };
    this.#falls.clear();
  }

  /** A new process on the same store, with empty memory. */
  startCell(name: string): void {
    const region = regionOf(name);
    const process = this.#process(name);
    const { schedule } = this;
    const config = {
      cell: CELL,
      region,
      peer: peerOf(region),
      home: EAST,
      leaseTtlMs: schedule.ttlMs,
      renewEveryMs: renewEveryMs(schedule),
      fenceShards: schedule.fenceShards,
      peerLoss: schedule.peerLoss,
    } as const;
    const tables = {
      own: this.#table(process, `store@${region}`),
      peer: this.#table(process, `store@${peerOf(region)}`),
      arbiter: this.#table(process, 'arbiter'),
    };
    const rng = this.#rng(`${process.name}#${this.#incarnations}`);
    this.cells.set(name, { process, cell: composeCell({ config, tables, clock: process, rng, env: {} }) });
    const present = this.cellNamesIn(region).flatMap((each) => this.cells.get(each) ?? []);
    this.#cellsIn.set(region, present);
  }

  startOperator(region: RegionName): void {
    const process = this.#process(`operator@${region}`);
    const tables = new Map(STORES.map((name) => [name, this.#table(process, name)]));
    const ports = tableFailoverPorts({
      arbiter: known(tables, 'arbiter'),
      store: (place) => known(tables, `store@${place.region}`),
      fenceShards: () => this.schedule.fenceShards,
      ring: (place) => this.#ring(place.region),
      clock: process,
      rng: this.#rng(`${process.name}#${this.#incarnations}`),
    });
    const watch = new LeaseWatch(process);
    const coordinator = new FailoverCoordinator({
      ports,
      clock: process,
      watchOf: () => watch,
      newId: () => `failover-${++this.#ids}`,
      onProgress: (record) => {
        this.#progress(process, record);
        this.#note(`${process.name}: ${record.id} at ${record.step}`);
        this.#fall(process, record.step);
      },
    });
    this.#operators.set(region, { process, coordinator, ports, moving: 0 });
    if (this.schedule.watching) void this.#watch(process, watch);
  }

  /** As a control process does: a watch of long standing saves its share of the wait. After the heal only beside a move. */
  async #watch(process: SimProcess, watch: LeaseWatch): Promise<void> {
    const withinMs = this.schedule.ttlMs / 5;
    for (; !process.crashed; await process.sleep(withinMs)) {
      const { moving, ports } = known(this.#operators, regionOf(process.name));
      if (moving === 0 && this.sending !== this.late) continue;
      const lease = await ports.leases.read(CELL, { withinMs }).catch(() => null);
      if (lease) watch.observe(lease);
    }
  }

  /** Begins a move; what becomes of it is told by the record. */
  begin(move: Move): void {
    const operator = known(this.#operators, move.by);
    const { process } = operator;
    if (!process.running) return;
    // Nothing fails any more after the heal.
    if (move.falls && this.sending === this.late) this.#falls.set(process, move.falls);
    process.deliver('timer', () => {
      operator.moving++;
      const carriedOut = this.#carryOut(operator, move).finally(() => operator.moving--);
      carriedOut.then(
        (outcome) => this.#note(`${process.name}: ${move.kind} ended: ${outcome}`),
        (error: unknown) => {
          if (isPlatformError(error) && error.code === 'FAILOVER_IN_PROGRESS')
            this.saw('move refused beside another one');
          this.#note(`${process.name}: ${move.kind} gave up: ${messageOf(error)}`);
        },
      );
    });
  }

  #progress(process: SimProcess, record: FailoverRecord): void {
    const { step, decision, fenced, log } = record;
    if (step === 'done') this.saw(`${decision.kind} done`);
    if (step === 'done' && !fenced) this.saw('failover without a fence');
    if (log.at(-1)?.outcome === 'resumed') this.saw('record resumed');
    for (const other of this.#operators.values()) {
      if (other.process !== process && other.moving > 0) this.saw('two coordinators at once');
    }
  }

  #fall(process: SimProcess, step: string): void {
    const falls = this.#falls.get(process);
    if (falls?.at !== step) return;
    this.#falls.delete(process);
    this.#note(`${process.name} falls (${falls.how})`);
    if (falls.how === 'pause') process.pause();
    else process.crash();
    this.queue.in(falls.forMs, () => {
      if (falls.how === 'pause') process.goOn();
      else if (this.processNamed(process.name) === process) this.startOperator(regionOf(process.name));
    });
  }

  async #carryOut({ process, coordinator, ports }: Operator, { kind, hesitatesMs }: Move): Promise<string> {
    if (kind === 'resume') return (await coordinator.resume(CELL)).state;
    if (kind === 'switchover' && isFailingOver(this.store('arbiter'))) this.saw('switchover during a failover');
    const request = { cell: CELL, to: null, kind, decidedBy: process.name, reason: 'simulated' };
    const decision = await decide(request, { ports, topology: TOPOLOGY, clock: process });
    if (hesitatesMs > 0) await process.sleep(hesitatesMs);
    return (await coordinator.run(decision)).state;
  }

  #ring(region: RegionName): void {
    // Best effort: half of the doorbells are lost.
    const link = this.link(`operator@${region}>store@${region}`);
    if (link.rng.next() < 0.5) return;
    this.queue.in(WAN_MS, () => {
      for (const { process, cell } of this.cellsIn(region)) process.deliver('answer', () => cell.ring());
    });
  }

  #process(name: string): SimProcess {
    const rng = this.#rng(`${name}!${++this.#incarnations}`);
    const rate = 1 + CLOCK_RATE_DRIFT_MAX * (2 * rng.next() - 1);
    for (const other of this.cells.values()) {
      if (Math.abs(other.process.rate - rate) > 0.05) this.saw('clocks drift by more than 5 %');
    }
    const mayHold = !name.startsWith('operator@');
    return new SimProcess({ queue: this.queue, name, offsetMs: rng.next() * 1_000_000, rate, rng, mayHold });
  }

  #table(process: SimProcess, to: string): SimTable {
    const isOwn = to === `store@${regionOf(process.name)}`;
    return new SimTable({
      queue: this.queue,
      process,
      store: this.store(to),
      link: this.link(`${process.name}>${to}`),
      sending: () => this.sending,
      saw: (trouble) => this.saw(trouble),
      sends: isOwn ? (writes) => this.#sends(process, writes) : nothing,
    });
  }

  /** A commit leaves a process: it must hold the lease at that instant, under that epoch. */
  #sends(process: SimProcess, writes: readonly TableWrite[]): void {
    const entry = writes.findLast((write) => write.kind === 'put' && write.item.pk.startsWith('JOURNAL#'));
    if (entry?.kind !== 'put') return;
    const epoch = Number(entry.item.sk.split('#').at(-2));
    const standing = this.cells.get(process.name)?.cell.runtime.standing();
    if (epoch > 0 && !(standing?.state === 'active' && standing.epoch === epoch))
      this.#onUnheldSend(process.name, epoch);
  }

  /** One stream of chance for each part, so that leaving out a fault changes the rest as little as can be. */
  #rng(part: string) {
    return seededRng(hashOf(`${this.schedule.seed}/${part}`));
  }
}

export const regionOf = (process: string): RegionName => process.slice(process.indexOf('@') + 1) as RegionName;

function known<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`nothing named ${name} in this world`);
  return found;
}

/** To another region's store no commit goes under the sender's own lease. */
const nothing = () => undefined;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
