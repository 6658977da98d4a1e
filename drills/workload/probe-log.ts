/** What the probes of all cells have seen: for the steady state, for detection, and for progress. */
import type { Probe } from './prober.ts';

export interface CellWindow {
  readonly cell: string;
  readonly probes: number;
  readonly acknowledgedShare: number;
  /** Of acknowledged probes; 0 without any. */
  readonly p99Ms: number;
}

interface Waiter {
  readonly cell: string;
  readonly fits: (cell: string) => boolean;
  readonly resolve: () => void;
}

export class ProbeLog {
  readonly #probes: Probe[] = [];
  readonly #failuresInRow = new Map<string, number>();
  #waiters: Waiter[] = [];

  add(probe: Probe): void {
    this.#probes.push(probe);
    const { cell, outcome } = probe;
    this.#failuresInRow.set(cell, outcome.type === 'ok' ? 0 : (this.#failuresInRow.get(cell) ?? 0) + 1);
    const woken = this.#waiters.filter((waiter) => waiter.cell === cell && waiter.fits(cell));
    this.#waiters = this.#waiters.filter((waiter) => !woken.includes(waiter));
    for (const waiter of woken) waiter.resolve();
  }

  /** Resolves at the answer that makes `failures` in a row; the detector of a client, which knows nothing but its own calls. */
  untilFailing(cell: string, failures: number): Promise<void> {
    return new Promise((resolve) => {
      const fits = () => (this.#failuresInRow.get(cell) ?? 0) >= failures;
      if (fits()) resolve();
      else this.#waiters.push({ cell, fits, resolve });
    });
  }

  /** Resolves at the first acknowledged probe of an epoch above `epoch`. */
  untilEpochAbove(cell: string, epoch: number): Promise<void> {
    return new Promise((resolve) => {
      const fits = () => (this.epochOf(cell) ?? 0) > epoch;
      if (fits()) resolve();
      else this.#waiters.push({ cell, fits, resolve });
    });
  }

  /** Owner and epoch by the newest acknowledged probe. */
  ownerOf(cell: string): { readonly region: string; readonly epoch: number } | null {
    const last = this.#probes.findLast((probe) => probe.cell === cell && probe.outcome.type === 'ok');
    if (!last || last.outcome.region === null || last.outcome.epoch === null) return null;
    return { region: last.outcome.region, epoch: last.outcome.epoch };
  }

  epochOf(cell: string): number | null {
    return this.ownerOf(cell)?.epoch ?? null;
  }

  /** The longest time between two acknowledged probes that ended around or in the window; 0 with less than two. */
  longestGapMs(cell: string, between: { readonly fromMs: number; readonly toMs: number }): number {
    const endsMs = this.#probes
      .filter((probe) => probe.cell === cell && probe.outcome.type === 'ok' && probe.completedAtMs <= between.toMs)
      .map((probe) => probe.completedAtMs)
      .sort((a, b) => a - b);
    const gaps = endsMs.slice(1).map((endMs, at) => (endMs >= between.fromMs ? endMs - (endsMs[at] ?? endMs) : 0));
    return Math.max(0, ...gaps);
  }

  /** Probes that were begun and ended in the window. */
  window(cell: string, between: { readonly fromMs: number; readonly toMs: number }): CellWindow {
    const probes = this.#probes.filter(
      (probe) => probe.cell === cell && probe.invokedAtMs >= between.fromMs && probe.completedAtMs <= between.toMs,
    );
    const acknowledged = probes.filter((probe) => probe.outcome.type === 'ok');
    const tookMs = acknowledged.map((probe) => probe.completedAtMs - probe.invokedAtMs).sort((a, b) => a - b);
    return {
      cell,
      probes: probes.length,
      acknowledgedShare: probes.length === 0 ? 0 : acknowledged.length / probes.length,
      p99Ms: tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * 0.99))] ?? 0,
    };
  }
}
