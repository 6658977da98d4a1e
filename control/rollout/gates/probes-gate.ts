/**
 * Outside health: what a client sees. A prober asks each cell, through the routers and with a tenant of its own, at a small steady rate
 * for as long as a rollout is under way; the gate judges the last seconds. It can't be forced: it is the customers' own view.
 */
import type { Clock } from '../../../core/clock.ts';
import type { CellId } from '../../../core/ids.ts';
import { Deadline } from '../../../resilience/deadline.ts';
import type { CallLimit, Gate } from '../rollout-executor.ts';
import { named, sayer } from './finding.ts';

export interface ProbePort {
  readonly cells: readonly CellId[];
  /** One question of a client, of its `turn`th kind. Resolves with what was wrong, `null`: nothing. Rejects as a client's call does. */
  ask(cell: CellId, turn: number, limit: CallLimit): Promise<string | null>;
}

/** Four a second of each cell: a cell that answers nothing is noticed within a second, and nobody notices the probes. */
export const PROBE_EVERY_MS = 250;
/** What a client of the shop waits for before it calls it broken. */
export const PROBE_MS_MAX = 2_000;
export const PROBE_WINDOW_MS = 10_000;
/** Fewer answers than this within the window are no evidence. */
export const PROBES_MIN = 4;
export const PROBES_FAILED_MIN = 3;
export const PROBES_FAILED_RATIO = 0.05;

interface Probe {
  readonly atMs: number;
  readonly trouble: string | null;
}

export class Prober {
  readonly #port: ProbePort;
  readonly #clock: Clock;
  /** Bounded by rate and window. */
  readonly #probes = new Map<CellId, Probe[]>();

  constructor({ port, clock }: { readonly port: ProbePort; readonly clock: Clock }) {
    this.#port = port;
    this.#clock = clock;
  }

  /** Until the signal; never rejects. One probe of a cell is under way at a time, so that a slow cell is not asked more. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#port.cells.map((cell) => this.#probe(cell, signal)));
  }

  of(cell: CellId): readonly Probe[] {
    const sinceMs = this.#clock.monotonicMs() - PROBE_WINDOW_MS;
    return (this.#probes.get(cell) ?? []).filter(({ atMs }) => atMs > sinceMs);
  }

  async #probe(cell: CellId, signal: AbortSignal): Promise<void> {
    for (let turn = 0; !signal.aborted; turn++) {
      const trouble = await this.#once(cell, turn);
      this.#probes.set(cell, [...this.of(cell), { atMs: this.#clock.monotonicMs(), trouble }]);
      await this.#clock.sleep(PROBE_EVERY_MS, signal).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  #once(cell: CellId, turn: number): Promise<string | null> {
    const work = (signal: AbortSignal) => this.#port.ask(cell, turn, { withinMs: PROBE_MS_MAX, signal });
    return new Deadline({ clock: this.#clock, ms: PROBE_MS_MAX })
      .run('A probe', work)
      .catch((thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)));
  }
}

export function probesGate({ prober, cells }: { readonly prober: Prober; readonly cells: readonly CellId[] }): Gate {
  const say = sayer('probes');
  return {
    name: 'probes',
    midCell: true,
    look: async () => {
      const looks = cells.map((cell) => ({ cell, ...count(prober.of(cell)) }));
      const bad = looks.filter(({ failed, all }) => failed >= PROBES_FAILED_MIN && failed > PROBES_FAILED_RATIO * all);
      if (bad.length > 0) {
        const texts = bad.map(({ cell, failed, all, last }) => `${cell} failed ${failed} of ${all} probes (${last})`);
        return say.closed(`${named(texts)}. Allowed: ${PROBES_FAILED_RATIO * 100} %, or ${PROBES_FAILED_MIN - 1}`);
      }
      const few = looks.filter(({ all }) => all < PROBES_MIN);
      if (few.length > 0)
        return say.unknown(`too few probes of ${named(few.map(({ cell }) => cell))} were answered to say`);
      const failed = looks.reduce((sum, look) => sum + look.failed, 0);
      return say.open(`${failed} of ${looks.reduce((sum, look) => sum + look.all, 0)} probes failed`);
    },
  };
}

function count(probes: readonly Probe[]): { readonly all: number; readonly failed: number; readonly last: string } {
  const failed = probes.filter(({ trouble }) => trouble !== null);
  return { all: probes.length, failed: failed.length, last: failed.at(-1)?.trouble ?? '' };
}
