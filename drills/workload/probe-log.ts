/** What the probes of all cells have seen: for the steady state, for detection, and for progress. */
import type { Probe } from './prober.ts';

export interface CellWindow {
  readonly cell: string;
  readonly probes: number;
  readonly acknowledgedShare: number;
  /** Of acknowledged probes; 0 without any. */
  readonly p99Ms: number;
  readonly meanMs: number;
}

export interface CellAnswers {
  readonly probes: number;
  readonly acknowledged: number;
  /** Those that somebody answered, whatever was said, before the prober's deadline. */
  readonly answered: number;
  /** Of the answered; 0 without any. */
  readonly p95Ms: number;
  /** What was said instead of an acknowledgement, by code. */
  readonly codes: ReadonlyMap<string, number>;
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

  /** Resolves at the next acknowledged probe. */
  untilAcknowledged(cell: string): Promise<void> {
    const fromProbe = this.#probes.length;
    return new Promise((resolve) => {
      const fits = () =>
        this.#probes.slice(fromProbe).some((probe) => probe.cell === cell && probe.outcome.type === 'ok');
      this.#waiters.push({ cell, fits, resolve });
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

  /** How probes were answered that were begun and ended in the window. */
  answers(cell: string, between: { readonly fromMs: number; readonly toMs: number }): CellAnswers {
    const probes = this.#within(cell, between);
    const answered = probes.filter(({ outcome }) => outcome.status > 0);
    const codes = new Map<string, number>();
    for (const { outcome } of probes)
      if (outcome.type !== 'ok') codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
    return {
      probes: probes.length,
      acknowledged: probes.filter(({ outcome }) => outcome.type === 'ok').length,
      answered: answered.length,
      p95Ms: quantileMs(answered, 0.95),
      codes,
    };
  }

  /** Probes that were begun and ended in the window. */
  window(cell: string, between: { readonly fromMs: number; readonly toMs: number }): CellWindow {
    const probes = this.#within(cell, between);
    const acknowledged = probes.filter((probe) => probe.outcome.type === 'ok');
    return {
      cell,
      probes: probes.length,
      acknowledgedShare: probes.length === 0 ? 0 : acknowledged.length / probes.length,
      p99Ms: quantileMs(acknowledged, 0.99),
      meanMs: acknowledged.reduce((sum, probe) => sum + tookMs(probe), 0) / Math.max(1, acknowledged.length),
    };
  }

  #within(cell: string, between: { readonly fromMs: number; readonly toMs: number }): readonly Probe[] {
    return this.#probes.filter(
      (probe) => probe.cell === cell && probe.invokedAtMs >= between.fromMs && probe.completedAtMs <= between.toMs,
    );
  }
}

function tookMs({ invokedAtMs, completedAtMs }: Probe): number {
  return completedAtMs - invokedAtMs;
}

function quantileMs(probes: readonly Probe[], share: number): number {
  const sorted = probes.map(tookMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
