/**
 * One cell in two regions: the real protocol code, each process on its own clock, each link and store breakable. Knows
 * how things are wired and how they fail; what must hold is the oracle's.
 */
import { composeCell, type RunningCell } from '../../cell/runtime.ts';
import { tableFailoverPorts } from '../../control/adapters/table-failover-ports.ts';
import { FailoverCoordinator } from '../../control/failover/coordinator.ts';
import { decide } from '../../control/failover/decide.ts';
import type { RegionName } from '../../core/ids.ts';
import { LeaseWatch } from '../../core/lease-watch.ts';
import { seededRng } from '../../core/rng.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { EventQueue } from './event-queue.ts';
import {
  CELL,
  CLOCK_RATE_DRIFT_MAX,
  EAST,
  LINKS,
  type Move,
  peerOf,
  REGIONS,
  type Schedule,
  STORES,
} from './schedule.ts';
import { SimProcess } from './sim-process.ts';
import { type Effect, SimStore } from './sim-store.ts';
import { SimLink, SimTable } from './sim-table.ts';
import { hashOf } from './trace.ts';

const TOPOLOGY = defaultTopology({ cells: 1 });

/** One way, ms: within a region, between the regions, to the arbiter's quorum. */
const LOCAL_MS = 1;
const WAN_MS = 12;
const ARBITER_MS = 8;

export interface CellProcess {
  readonly process: SimProcess;
  readonly cell: RunningCell;
}

interface Operator {
  readonly process: SimProcess;
  readonly coordinator: FailoverCoordinator;
  readonly ports: ReturnType<typeof tableFailoverPorts>;
}

export class World {
  readonly schedule: Schedule;
  readonly queue = new EventQueue();
  readonly stores = new Map<string, SimStore>();
  readonly links = new Map<string, SimLink>();
  readonly cells = new Map<RegionName, CellProcess>();
  readonly #operators = new Map<RegionName, Operator>();
  readonly #note: (line: string) => void;
  /** How a move's process falls, by the process that began it. */
  readonly #falls = new Map<SimProcess, NonNullable<Move['falls']>>();
  #incarnations = 0;
  #ids = 0;

  constructor(options: { schedule: Schedule; observe: (effect: Effect) => void; note: (line: string) => void }) {
    this.schedule = options.schedule;
    this.#note = options.note;
    for (const name of STORES) this.stores.set(name, new SimStore(name, options.observe));
    for (const name of LINKS) {
      this.links.set(name, new SimLink({ name, baseMs: baseOf(name), rng: this.#rng(name) }));
    }
    for (const region of REGIONS) {
      this.startCell(region);
      this.startOperator(region);
    }
  }

  store(name: string): SimStore {
    return known(this.stores, name);
  }

  link(name: string): SimLink {
    return known(this.links, name);
  }

  cellAt(region: RegionName): CellProcess {
    return known(this.cells, region);
  }

  processNamed(name: string): SimProcess {
    for (const { process } of [...this.cells.values(), ...this.#operators.values()]) {
      if (process.name === name) return process;
    }
    throw new Error(`no process ${name}`);
  }

  /** A new process on the same store, with empty memory. */
  startCell(region: RegionName): void {
    const process = this.#process(`cell@${region}`);
    const { schedule } = this;
    const config = {
      cell: CELL,
      region,
      peer: peerOf(region),
      home: EAST,
      leaseTtlMs: schedule.ttlMs,
      renewEveryMs: Math.floor(schedule.ttlMs / 4),
      fenceShards: schedule.fenceShards,
      peerLoss: schedule.peerLoss,
    } as const;
    const tables = {
      own: this.#table(process, `store@${region}`),
      peer: this.#table(process, `store@${peerOf(region)}`),
      arbiter: this.#table(process, 'arbiter'),
    };
    const rng = this.#rng(`${process.name}#${this.#incarnations}`);
    this.cells.set(region, { process, cell: composeCell({ config, tables, clock: process, rng, env: {} }) });
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
        this.#note(`${process.name}: ${record.id} at ${record.step}`);
        this.#fall(process, record.step);
      },
    });
    this.#operators.set(region, { process, coordinator, ports });
  }

  /** Begins a move; what becomes of it is told by the record. */
  begin(move: Move): void {
    const operator = known(this.#operators, move.by);
    const { process } = operator;
    if (!process.running) return;
    if (move.falls) this.#falls.set(process, move.falls);
    process.deliver('timer', () => {
      this.#run(operator, move).then(
        (outcome) => this.#note(`${process.name}: ${move.kind} ended: ${outcome}`),
        (error: unknown) => this.#note(`${process.name}: ${move.kind} gave up: ${messageOf(error)}`),
      );
    });
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

  async #run({ process, coordinator, ports }: Operator, move: Move): Promise<string> {
    if (move.kind === 'resume') return (await coordinator.resume(CELL)).state;
    const { kind } = move;
    const request = { cell: CELL, to: null, kind, decidedBy: process.name, reason: 'simulated' };
    const decision = await decide(request, { ports, topology: TOPOLOGY, clock: process });
    if (move.hesitatesMs > 0) await process.sleep(move.hesitatesMs);
    return (await coordinator.run(decision)).state;
  }

  #ring(region: RegionName): void {
    // Best effort: half of the doorbells are lost.
    const link = this.link(`operator@${region}>store@${region}`);
    if (link.rng.next() < 0.5) return;
    this.queue.in(WAN_MS, () => {
      const { process, cell } = this.cellAt(region);
      process.deliver('answer', () => cell.ring());
    });
  }

  #process(name: string): SimProcess {
    const rng = this.#rng(`${name}!${++this.#incarnations}`);
    const rate = 1 + CLOCK_RATE_DRIFT_MAX * (2 * rng.next() - 1);
    return new SimProcess({ queue: this.queue, name, offsetMs: rng.next() * 1_000_000, rate, rng });
  }

  #table(process: SimProcess, to: string): SimTable {
    return new SimTable({
      queue: this.queue,
      process,
      store: this.store(to),
      link: this.link(`${process.name}>${to}`),
    });
  }

  /** One stream of chance for each part, so that leaving out a fault changes the rest as little as can be. */
  #rng(part: string) {
    return seededRng(hashOf(`${this.schedule.seed}/${part}`));
  }
}

function baseOf(link: string): number {
  const [from = '', to = ''] = link.split('>');
  if (to === 'arbiter') return ARBITER_MS;
  return from.slice(from.indexOf('@')) === to.slice(to.indexOf('@')) ? LOCAL_MS : WAN_MS;
}

export const regionOf = (process: string): RegionName => process.slice(process.indexOf('@') + 1) as RegionName;

function known<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`nothing named ${name} in this world`);
  return found;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
