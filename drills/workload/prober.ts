/**
 * Writes to one cell at a fixed rate whether or not it answers, so that time away is measured to the interval. Each probe is
 * a small strict write to a product of its own, so that at the end every single acknowledged one can be looked for.
 *
 * Obstacle: a client is sequential, and one that waits for a hanging cell measures nothing meanwhile. Rule: as many lanes,
 * each a sequential client, as probes can be open before the first one reaches its deadline.
 */
import type { Clock } from '../../core/clock.ts';
import type { HistoryRecorder } from '../history/history-recorder.ts';
import type { Entry, Tenant } from './entry.ts';
import type { Outcome } from './outcome.ts';

export interface ProberOptions {
  readonly tenant: Tenant;
  /** Client number of the first lane; lanes take the numbers from there. */
  readonly firstClient: number;
  readonly entry: Entry;
  readonly recorder: HistoryRecorder;
  readonly clock: Clock;
  /** Asked before each probe, so that a drill can look closely while it matters. */
  readonly pace: () => Pace;
  /** The largest `openMax` of its paces. */
  readonly lanes: number;
  readonly onProbe: (probe: Probe) => void;
  /** Sends a probe; through the routers of all regions in turn by default. */
  readonly send?: (of: { client: number; sequence: number }) => Promise<Outcome>;
}

export interface Pace {
  readonly intervalMs: number;
  readonly deadlineMs: number;
  /** Probes under way at once; beyond it they are left out. Few of them make the pace give way to a busy machine. */
  readonly openMax: number;
}

export interface Probe {
  readonly cell: string;
  readonly invokedAtMs: number;
  readonly completedAtMs: number;
  readonly outcome: Outcome;
}

/** Products that one prober may make; at 50 a second, half an hour. */
export const PROBES_MAX = 90_000;

export class Prober {
  readonly #options: ProberOptions;
  readonly #free: number[];
  readonly #open = new Set<Promise<void>>();
  #sequence = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#free = Array.from({ length: options.lanes }, (_, lane) => options.firstClient + lane);
  }

  async run(stopped: () => boolean): Promise<void> {
    const { clock, pace } = this.#options;
    let nextMs = clock.monotonicMs();
    while (!stopped() && this.#sequence < PROBES_MAX) {
      this.#launch();
      // On a fixed grid; a client that was held up itself leaves probes out instead of sending a burst.
      nextMs = Math.max(nextMs + pace().intervalMs, clock.monotonicMs());
      await clock.sleep(nextMs - clock.monotonicMs());
    }
    await Promise.all(this.#open);
  }

  #launch(): void {
    if (this.#open.size >= this.#options.pace().openMax) return;
    const client = this.#free.shift();
    if (client === undefined) return;
    const sequence = this.#sequence++;
    const probe = this.#probe(client, sequence).finally(() => {
      this.#free.push(client);
      this.#open.delete(probe);
    });
    this.#open.add(probe);
  }

  async #probe(client: number, sequence: number): Promise<void> {
    const { recorder, tenant, onProbe } = this.#options;
    const invokedAtMs = recorder.nowMs();
    const outcome = await (this.#options.send ?? ((of) => this.#throughRouter(of)))({ client, sequence });
    onProbe({ cell: tenant.cell, invokedAtMs, completedAtMs: recorder.nowMs(), outcome });
  }

  #throughRouter({ client, sequence }: { client: number; sequence: number }): Promise<Outcome> {
    const { entry, recorder, tenant, pace } = this.#options;
    const { deadlineMs } = pace();
    const region = entry.regions[sequence % entry.regions.length] ?? '';
    const call = { op: 'stock.put' as const, tenant: tenant.id, name: `probe-${sequence}`, value: sequence };
    return entry.call({ client, tenant, region, recorder, deadlineMs, call });
  }
}
