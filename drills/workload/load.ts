/** The load of a drill: shoppers of every tenant, and a prober for each cell. Begins, can be looked at, and ends as a whole. */
import type { Clock } from '../../core/clock.ts';
import { seededRng } from '../../core/rng.ts';
import type { HistoryRecorder } from '../history/history-recorder.ts';
import { type Entry, oneOfEachCell, type Tenant } from './entry.ts';
import { ProbeLog } from './probe-log.ts';
import { type Pace, Prober } from './prober.ts';
import { Shopper } from './shopper.ts';

export interface LoadOptions {
  readonly entry: Entry;
  readonly recorder: HistoryRecorder;
  readonly clock: Clock;
  readonly seed: number;
  /** The first tenant of each cell is the prober's, the others get shoppers. */
  readonly tenants: readonly Tenant[];
  /** Calls of all shoppers a second, at most: they wait for answers. */
  readonly shopperRate: number;
  readonly shoppersPerTenant: number;
  readonly fineProbe: Pace;
  readonly coarseProbe: Pace;
  readonly shopperDeadlineMs: number;
}

/** Client numbers: shoppers from 0, probers from here, what a drill itself adds from `EXTRA_CLIENTS`. */
const PROBER_CLIENTS = 10_000;
export const EXTRA_CLIENTS = 1_000_000;

export class Load {
  readonly log = new ProbeLog();
  readonly #options: LoadOptions;
  readonly #running: Promise<void>[] = [];
  #fineCells: readonly string[] = [];
  #finePace: Pace;
  #stopped = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#finePace = options.fineProbe;
  }

  start(): void {
    const stopped = () => this.#stopped;
    for (const shopper of this.#shoppers()) this.#running.push(shopper.run(stopped));
    for (const prober of this.#probers()) this.#running.push(prober.run(stopped));
  }

  /** Probes these cells at the fine pace from now on, or at another that has no more probes open, and all others at the coarse one. */
  probeFinely(cells: readonly string[], pace: Pace = this.#options.fineProbe): void {
    this.#fineCells = cells;
    this.#finePace = pace;
  }

  /** Resolves after the last answer; every call has a deadline, so it does. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  #shoppers(): readonly Shopper[] {
    const { tenants, shoppersPerTenant, shopperRate, entry, seed } = this.#options;
    const probed = new Set(this.#probeTenants().map((tenant) => tenant.id));
    const clients = tenants
      .filter((tenant) => !probed.has(tenant.id))
      .flatMap((tenant) => Array.from({ length: shoppersPerTenant }, () => tenant));
    const thinkMs = (1_000 * clients.length) / Math.max(1, shopperRate);
    return clients.map((tenant, client) => {
      const region = entry.regions[client % entry.regions.length] ?? '';
      const rng = seededRng(seed * 1_009 + client);
      const { recorder, clock, shopperDeadlineMs: deadlineMs } = this.#options;
      return new Shopper({ client, tenant, region, entry, recorder, clock, rng, thinkMs, deadlineMs });
    });
  }

  #probers(): readonly Prober[] {
    const { entry, recorder, clock, fineProbe, coarseProbe } = this.#options;
    const lanes = Math.max(fineProbe.openMax, coarseProbe.openMax);
    const onProbe = this.log.add.bind(this.log);
    return this.#probeTenants().map((tenant, index) => {
      const pace = () => (this.#fineCells.includes(tenant.cell) ? this.#finePace : coarseProbe);
      const firstClient = PROBER_CLIENTS + index * lanes;
      return new Prober({ tenant, firstClient, lanes, entry, recorder, clock, pace, onProbe });
    });
  }

  #probeTenants(): readonly Tenant[] {
    return oneOfEachCell(this.#options.tenants);
  }
}
