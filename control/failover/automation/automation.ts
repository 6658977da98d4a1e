/**
 * The loop of one region's automation. It runs in the control process of every region and acts only where its own region is
 * the receiver, over its own links: what it can't reach it can't move. While all leases are renewed it costs next to nothing
 * (the publisher reads them anyway); a lease that is late makes it look closely, five times a second.
 *
 * Invariants: it acts on nothing but `judgeCells`; before each move it spends a part of the velocity limit by a write
 * conditional on the document that it judged by; the coordinator then settles every race that is left.
 */
import type { Clock } from '../../../core/clock.ts';
import { toPlatformError } from '../../../core/errors.ts';
import type { CellId, RegionName } from '../../../core/ids.ts';
import type { Lease } from '../../../core/lease.ts';
import type { Rng } from '../../../core/rng.ts';
import type { Topology } from '../../../core/topology.ts';
import type { FailoverPorts } from '../failover-ports.ts';
import { type AutomationDocument, unwritten } from './automation-document.ts';
import type { AutomationEyes } from './automation-eyes.ts';
import type { AutomationStatus } from './automation-status.ts';
import type { AutomationStore } from './automation-store.ts';
import { ClientSignals } from './client-signal.ts';
import { isReceiver } from './guard-rails.ts';
import { InsideWatch } from './inside-signal.ts';
import { type Agreement, judgeCells } from './judge-cells.ts';
import { LookAround } from './look-around.ts';
import { MoveAges } from './move-ages.ts';
import { Mover } from './mover.ts';
import type { CellObservation, Observation } from './observation.ts';
import type { Verdict } from './verdict.ts';

/** While a lease is late. */
const CLOSE_LOOK_MS = 200;
/** A region that stays away for longer than this is looked at no closer than needed to see it return. */
const CLOSE_LOOK_FOR_MS = 30_000;
const LOOK_MS = 500;
/** While all is well the own router's counters are only the baseline of what may come. */
const ROUTERS_EVERY_MS = 4_000;
/** For the status only: as soon as a lease is late every look reads it. */
const DOCUMENT_EVERY_MS = 10_000;
/** In renewals: sooner than `detectAfterMs`, so that the looks have begun when it is over. */
const LATE_RENEWALS = 1.2;
const CALL_MS_MAX = 500;

export interface AutomationOptions {
  readonly region: RegionName;
  readonly topology: Topology;
  readonly eyes: AutomationEyes;
  readonly store: AutomationStore;
  readonly ports: FailoverPorts;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly newId: () => string;
}

export class Automation {
  readonly #o: AutomationOptions;
  readonly #clients = new ClientSignals();
  readonly #inside: ReadonlyMap<CellId, InsideWatch>;
  readonly #ages: MoveAges;
  readonly #around: LookAround;
  readonly #mover: Mover;
  #document: AutomationDocument | 'unreadable' | null = null;
  #agreement: Agreement = new Map();
  #last: { readonly seen: Observation; readonly verdicts: ReadonlyMap<CellId, Verdict> } | null = null;
  #routersAtMs = Number.NEGATIVE_INFINITY;
  #documentAtMs = Number.NEGATIVE_INFINITY;
  #lateSinceMs: number | null = null;

  constructor(options: AutomationOptions) {
    this.#o = options;
    this.#inside = new Map(options.topology.cells.map((spec) => [spec.id, new InsideWatch(options.clock)]));
    this.#ages = new MoveAges(options.clock);
    this.#around = new LookAround(options);
    this.#mover = new Mover({ ...options, watchOf: (cell) => this.#insideOf(cell).watch });
  }

  /** Every strongly consistent read of the leases, after the answer arrived. */
  sawLeases(leases: readonly Lease[]): void {
    for (const lease of leases) this.#inside.get(lease.cell)?.sawLease(lease);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, rng } = this.#o;
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => this.#mover.note(toPlatformError(error).message));
      await clock.sleep(this.#pauseMs() * (0.9 + 0.2 * rng.next()), signal).catch(ended);
    }
  }

  status(): AutomationStatus {
    const { region, clock } = this.#o;
    const { seen, verdicts } = this.#last ?? { seen: null, verdicts: new Map<CellId, Verdict>() };
    return {
      region,
      setting: seen?.setting ?? 'not read yet',
      ageMs: seen === null ? 0 : Math.round(clock.monotonicMs() - seen.atMs),
      cells: (seen?.cells ?? []).map(({ cell, holder, client, inside }) => {
        return { cell, holder, client, inside, verdict: verdicts.get(cell) ?? { kind: 'healthy' } };
      }),
      failures: this.#mover.failures,
    };
  }

  /** One look and what follows from it. Moves go on by themselves; it waits for none of them. */
  async look(): Promise<void> {
    const { clock, topology, rng } = this.#o;
    const late = topology.cells.map((spec) => spec.id).filter((cell) => this.#isLate(cell));
    this.#lateSinceMs = late.length === 0 ? null : (this.#lateSinceMs ?? clock.monotonicMs());
    await Promise.all([this.#readRouters(late), this.#readDocument(late), this.#readBeats(late)]);
    const seen = await this.#observe();
    const judged = judgeCells(this.#agreement, seen, { settings: topology.automation, rng });
    this.#agreement = judged.agreement;
    this.#last = { seen, verdicts: judged.verdicts };
    await this.#mover.follow(judged, seen, this.#readable());
  }

  /** Only where this region would receive the cell. */
  #isLate(cell: CellId): boolean {
    const spec = this.#o.topology.cells.find(({ id }) => id === cell);
    const { watch, lease } = this.#insideOf(cell);
    if (!spec || lease === null || lease.holder === this.#o.region) return false;
    const mine = spec.home === this.#o.region || spec.standby === this.#o.region;
    return mine && (watch.unmovedMs() ?? 0) >= LATE_RENEWALS * this.#o.topology.lease.renewEveryMs;
  }

  async #readRouters(late: readonly CellId[]): Promise<void> {
    const { clock, eyes, region, topology } = this.#o;
    const nowMs = clock.monotonicMs();
    if (late.length === 0 && nowMs - this.#routersAtMs < ROUTERS_EVERY_MS) return;
    this.#routersAtMs = nowMs;
    const asked = late.length === 0 ? [region] : topology.regions;
    const tallies = await eyes.routers(asked, { withinMs: CALL_MS_MAX });
    for (const tally of tallies) this.#clients.add(tally, clock.monotonicMs());
  }

  async #readDocument(late: readonly CellId[]): Promise<void> {
    const nowMs = this.#o.clock.monotonicMs();
    if (late.length === 0 && nowMs - this.#documentAtMs < DOCUMENT_EVERY_MS) return;
    this.#documentAtMs = nowMs;
    const byDefault = unwritten(this.#o.topology.automation.mode);
    this.#document = await this.#o.store.document({ withinMs: CALL_MS_MAX }).then(
      (found) => found ?? byDefault,
      // Whoever can't read the switch takes it for off.
      () => 'unreadable',
    );
  }

  async #readBeats(late: readonly CellId[]): Promise<void> {
    const { eyes, region } = this.#o;
    await Promise.all(
      [...this.#inside].map(async ([cell, inside]) => {
        if (!late.includes(cell)) return inside.forgetBeat();
        // Not read: it keeps its age, and is no longer believed before long.
        await eyes.heartbeat({ cell, region }, { withinMs: CALL_MS_MAX }).then((beat) => inside.sawBeat(beat), ended);
      }),
    );
  }

  async #observe(): Promise<Observation> {
    const { clock, region, topology } = this.#o;
    const atMs = clock.monotonicMs();
    const document = this.#readable();
    const bare = topology.cells.map((spec): CellObservation => this.#observeCell(spec, atMs));
    const seen: Observation = {
      ...{ atMs, sinceLastMs: this.#last === null ? 0 : atMs - this.#last.seen.atMs, region, cells: bare },
      setting: document === null ? 'unreadable' : { mode: document.mode, enabled: document.enabled },
      ...{ stores: null, moves: null },
    };
    const doubtful = bare.filter((cell) => isReceiver(cell, seen) && cell.inside.says === 'bad');
    if (doubtful.length === 0) {
      this.#around.rest();
      return seen;
    }
    const around = await this.#around.look(doubtful, { moving: this.#mover.moving });
    const moves = around.records && document && this.#ages.of(document.moves, around.records);
    const cells = bare.map((cell) => ({ ...cell, ...around.cells.get(cell.cell) }));
    return { ...seen, cells, stores: around.stores, moves };
  }

  #observeCell({ id, home, standby }: Topology['cells'][number], atMs: number): CellObservation {
    const inside = this.#insideOf(id);
    const { detectAfterMs } = this.#o.topology.automation;
    const holder = inside.lease?.state === 'held' ? inside.lease.holder : null;
    const { signal, answers } =
      holder === null
        ? { signal: { says: 'unknown' as const, because: 'nobody holds it' }, answers: null }
        : this.#clients.of({ cell: id, region: holder, nowMs: atMs });
    return {
      ...{ cell: id, home, standby, holder, client: signal, answers },
      ...{ inside: inside.signal(detectAfterMs), late: inside.isLate(detectAfterMs) },
      ...{ receiverAnswers: null, changing: null, leftBehind: null },
    };
  }

  #readable(): AutomationDocument | null {
    return this.#document === 'unreadable' ? null : this.#document;
  }

  #insideOf(cell: CellId): InsideWatch {
    const inside = this.#inside.get(cell);
    if (inside === undefined) throw new RangeError(`${cell} is no cell of the topology.`);
    return inside;
  }

  #pauseMs(): number {
    if (this.#lateSinceMs === null) return LOOK_MS;
    return this.#o.clock.monotonicMs() - this.#lateSinceMs < CLOSE_LOOK_FOR_MS ? CLOSE_LOOK_MS : LOOK_MS;
  }
}

/** The end of the process, or a look that was not answered: the next one tells. */
const ended = () => undefined;
