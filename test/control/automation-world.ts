/**
 * A small world around the real loop, document, proposals and coordinator, on a fake clock and tables in memory: regions whose
 * control processes see what the test says, and holders that renew their leases as long as the test lets them.
 */
import { failoverKey } from '../../cell/lease/abandonment.ts';
import { LeaseArbiter } from '../../cell/lease/lease-arbiter.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { tableAutomationStore } from '../../control/adapters/table-automation-store.ts';
import { Automation } from '../../control/failover/automation/automation.ts';
import type { AutomationDocument } from '../../control/failover/automation/automation-document.ts';
import type { AutomationEyes } from '../../control/failover/automation/automation-eyes.ts';
import type { AutomationStore } from '../../control/failover/automation/automation-store.ts';
import type { FailoverPorts } from '../../control/failover/failover-ports.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { type CellId, epoch, type RegionName } from '../../core/ids.ts';
import { type HeldLease, taken } from '../../core/lease.ts';
import { seededRng } from '../../core/rng.ts';
import { type Topology, validateTopology } from '../../core/topology.ts';
import { EAST, WEST } from './automation-samples.ts';

const TTL_MS = 3_000;
const RENEW_MS = 750;
/** Every time below is a multiple of it. */
const TURN_MS = 50;
const LEASES_READ_MS = 200;
const BOUNDS = { deadlineAtMs: Number.POSITIVE_INFINITY };

/** What is wrong, as the test sets it at any time. */
export interface Ills {
  /** Cells whose holder renews no lease and sends no heartbeat. */
  readonly inside: Set<CellId>;
  /** Cells at whose holder every request fails. */
  readonly client: Set<CellId>;
  /** Regions whose stores do not answer. */
  readonly stores: Set<RegionName>;
  readonly arbiter: { gone: boolean };
}

export class AutomationWorld {
  readonly clock = new FakeClock();
  readonly topology: Topology;
  readonly ills: Ills = { inside: new Set(), client: new Set(), stores: new Set(), arbiter: { gone: false } };
  readonly automations: ReadonlyMap<RegionName, Automation>;
  readonly store: AutomationStore;
  readonly arbiter = new MemoryTable();
  readonly #leases = new LeaseArbiter(this.arbiter);
  readonly #tallies = new Map<string, { answered: number; failed: number }>();
  #ids = 0;

  constructor(options: { cells: number; seed?: number; automation?: Record<string, unknown> }) {
    const ids = Array.from({ length: options.cells }, (_, index) => `c${String(index + 1).padStart(2, '0')}`);
    this.topology = validateTopology({
      regions: [EAST, WEST],
      arbiter: { replicas: [EAST, WEST], witness: 'third' },
      cells: ids.map((id, index) => ({
        id,
        ...(index % 3 === 1 ? { home: WEST, standby: EAST } : { home: EAST, standby: WEST }),
      })),
      waves: [ids],
      lease: { ttlMs: TTL_MS, renewEveryMs: RENEW_MS },
      peerLoss: 'continue',
      automation: { mode: 'automatic', ...options.automation },
    });
    this.store = this.#failing(tableAutomationStore({ arbiter: this.arbiter, clock: this.clock }));
    this.automations = new Map(
      this.topology.regions.map((region, index) => [region, this.open(region, (options.seed ?? 1) + index)]),
    );
  }

  /** As after a start of the control process: it knows nothing but what the arbiter tells. */
  open(region: RegionName, seed = 1): Automation {
    return new Automation({
      ...{ region, topology: this.topology, eyes: this.#eyes(), store: this.store, ports: this.#ports() },
      ...{ clock: this.clock, rng: seededRng(seed), newId: () => `m${++this.#ids}` },
    });
  }

  async start(): Promise<void> {
    for (const { id, home } of this.topology.cells) {
      const lease: HeldLease = { state: 'held', cell: id, epoch: epoch(1), holder: home, counter: 1, ttlMs: TTL_MS };
      await this.#leases.replace(null, lease, BOUNDS);
    }
  }

  /** Runs everything for `ms`; `others` are looked at beside the world's own. */
  async run(ms: number, others: readonly Automation[] = [...this.automations.values()]): Promise<void> {
    const endMs = this.clock.monotonicMs() + ms;
    let turn = Math.round(this.clock.monotonicMs() / TURN_MS);
    while (this.clock.monotonicMs() < endMs) {
      await this.clock.advance(TURN_MS);
      turn += 1;
      if ((turn * TURN_MS) % RENEW_MS === 0) await this.renew();
      this.#serve();
      if ((turn * TURN_MS) % LEASES_READ_MS !== 0) continue;
      for (const automation of others) {
        if (!this.ills.arbiter.gone) automation.sawLeases(await this.leases());
        await automation.look();
      }
      await this.#takeOver();
    }
  }

  /** Of every holder that the test lets. */
  async renew(): Promise<void> {
    for (const lease of await this.leases()) {
      if (lease.state !== 'held' || this.ills.inside.has(lease.cell)) continue;
      await this.#leases.replace(lease, { ...lease, counter: lease.counter + 1 }, BOUNDS);
    }
  }

  leases() {
    return this.#leases.readAll(
      this.topology.cells.map(({ id }) => id),
      BOUNDS,
    );
  }

  async document(): Promise<AutomationDocument | null> {
    return tableAutomationStore({ arbiter: this.arbiter, clock: this.clock }).document({ withinMs: 1 });
  }

  async records(): Promise<readonly FailoverRecord[]> {
    const items = await this.arbiter.getMany(this.topology.cells.map(({ id }) => failoverKey(id)));
    return items.map((item) => JSON.parse(String(item.record)) as FailoverRecord);
  }

  verdict(region: RegionName, cell: string): string {
    const found = this.automations
      .get(region)
      ?.status()
      .cells.find((each) => each.cell === cell);
    return found === undefined ? 'none' : `${found.verdict.kind}: ${'why' in found.verdict ? found.verdict.why : ''}`;
  }

  /** The successor of a released lease takes it, as its keeper would. */
  async #takeOver(): Promise<void> {
    for (const lease of await this.leases()) {
      if (lease.state !== 'released') continue;
      await this.#leases.replace(lease, taken(lease, { by: lease.successor, ttlMs: TTL_MS, ownFence: 0 }), BOUNDS);
      this.ills.inside.delete(lease.cell);
      this.ills.client.delete(lease.cell);
    }
  }

  #serve(): void {
    for (const { id } of this.topology.cells) {
      const tally = this.#tallies.get(id) ?? { answered: 0, failed: 0 };
      if (this.ills.client.has(id)) tally.failed += 1;
      else tally.answered += 1;
      this.#tallies.set(id, tally);
    }
  }

  #failing(store: AutomationStore): AutomationStore {
    const guarded = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        if (this.ills.arbiter.gone) throw new Error('the arbiter is gone');
        return call(...args);
      };
    };
    const { document, save, overwrite, proposals, propose, withdraw, records } = store;
    return {
      ...{ document: guarded(document), save: guarded(save), overwrite: guarded(overwrite) },
      ...{ proposals: guarded(proposals), propose: guarded(propose), withdraw: guarded(withdraw) },
      records: guarded(records),
    };
  }

  #eyes(): AutomationEyes {
    return {
      routers: async (regions) =>
        regions.map((router) => ({
          router,
          // Every link of a cell counts alike: what matters is the one to its holder.
          links: this.topology.cells.flatMap(({ id: cell, home, standby }) =>
            [home, standby].map((region) => {
              const tally = this.#tallies.get(cell) ?? { answered: 0, failed: 0 };
              return { cell, region, declined: 0, ...tally };
            }),
          ),
        })),
      heartbeat: async ({ cell }) => (this.ills.inside.has(cell) ? 'last' : String(this.clock.monotonicMs())),
      storeAnswers: async ({ region }) => !this.ills.stores.has(region),
      hostAnswers: async ({ region }) => !this.ills.stores.has(region),
    };
  }

  #ports(): FailoverPorts {
    const cells = this.#leases;
    const reached = (region: RegionName) => {
      if (this.ills.stores.has(region)) throw new Error('the store does not answer');
    };
    return {
      leases: {
        read: (cell) => cells.read(cell, BOUNDS),
        release: async ({ seen, next, match }) => {
          const put = match === 'fenced' ? cells.replaceFenced(seen, next, BOUNDS) : cells.replace(seen, next, BOUNDS);
          return (await put).outcome === 'done';
        },
      },
      records: {
        current: async (cell) => {
          const item = await this.arbiter.get(failoverKey(cell));
          return item && (JSON.parse(String(item.record)) as FailoverRecord);
        },
        save: async (next) => {
          const key = failoverKey(next.decision.cell);
          const present = await this.arbiter.get(key);
          if (Number(present?.version ?? 0) !== next.version - 1) return false;
          const item = { ...key, version: next.version, record: JSON.stringify(next) };
          return (await this.arbiter.write({ kind: 'put', item })).outcome === 'done';
        },
      },
      stores: {
        fence: async ({ cell, region }) => {
          reached(region);
          const lease = await cells.read(cell, BOUNDS);
          return lease && { epoch: lease.epoch, active: lease.holder };
        },
        close: async ({ region }) => {
          reached(region);
          return true;
        },
        pending: async ({ region }) => {
          reached(region);
          return { count: 0, fenced: 0, more: false };
        },
        quarantined: async () => 0,
        drain: async () => ({ shipped: 0, complete: true }),
      },
      ring: () => undefined,
    };
  }
}
