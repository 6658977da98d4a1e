/**
 * Asks the gates, all at once and each within its bound, and says what follows. Invariant: a gate that does not answer, fails or
 * says that it does not know is never taken for open; only a forced gate is passed by, and its finding still stands in the record.
 */
import type { Clock } from '../../core/clock.ts';
import type { CellId } from '../../core/ids.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { Gate, GateFinding } from './rollout-executor.ts';
import { GATE_MS_MAX, LOOK_EVERY_MS, UNKNOWN_MS_MAX } from './rollout-limits.ts';
import { shortened } from './rollout-record.ts';

export interface GateKeeperOptions {
  readonly gates: readonly Gate[];
  readonly forced: readonly string[];
  readonly clock: Clock;
}

export interface GateLook {
  readonly findings: readonly GateFinding[];
  /** `unknown`: not open, and not yet for so long that it counts as closed. */
  readonly verdict: 'open' | 'closed' | 'unknown';
  /** What keeps it from being open. */
  readonly reason: string;
}

export class GateKeeper {
  readonly #o: GateKeeperOptions;
  /** Since when each gate has known nothing, without a break. */
  readonly #unknownSinceMs = new Map<string, number>();

  constructor(options: GateKeeperOptions) {
    this.#o = options;
  }

  async look(
    at: { readonly cells: readonly CellId[]; readonly midCell: boolean },
    signal: AbortSignal,
  ): Promise<GateLook> {
    const asked = this.#o.gates.filter((gate) => gate.midCell || !at.midCell);
    const findings = await Promise.all(asked.map((gate) => this.#ask(gate, at.cells, signal)));
    const barred = findings.filter(({ gate, state }) => state !== 'open' && !this.#o.forced.includes(gate));
    const closed = barred.filter((finding) => finding.state === 'closed' || this.#isUnknownForLong(finding));
    const reason = (closed.length > 0 ? closed : barred).map(findingText).join('; ');
    if (closed.length > 0) return { findings, verdict: 'closed', reason };
    return { findings, verdict: barred.length > 0 ? 'unknown' : 'open', reason };
  }

  async #ask(gate: Gate, cells: readonly CellId[], signal: AbortSignal): Promise<GateFinding> {
    const deadline = new Deadline({ clock: this.#o.clock, ms: GATE_MS_MAX, signal });
    const finding = await deadline
      .run(`The gate ${gate.name}`, (inner) => gate.look(cells, { withinMs: GATE_MS_MAX, signal: inner }))
      .catch((thrown: unknown): GateFinding => {
        const detail = thrown instanceof Error ? thrown.message : String(thrown);
        return { gate: gate.name, state: 'unknown', detail };
      });
    const { state } = finding;
    const nowMs = this.#o.clock.monotonicMs();
    if (state !== 'unknown') this.#unknownSinceMs.delete(gate.name);
    else this.#unknownSinceMs.set(gate.name, this.#unknownSinceMs.get(gate.name) ?? nowMs);
    return { gate: gate.name, state, detail: shortened(finding.detail) };
  }

  #isUnknownForLong({ gate, state }: GateFinding): boolean {
    const sinceMs = this.#unknownSinceMs.get(gate);
    return state === 'unknown' && sinceMs !== undefined && this.#o.clock.monotonicMs() - sinceMs >= UNKNOWN_MS_MAX;
  }
}

/** Looks until the gates say open or closed; what stays unknown becomes closed within its bound. Aborted: what was seen last. */
export async function untilKnown(
  keeper: Pick<GateKeeper, 'look'>,
  at: {
    readonly cells: readonly CellId[];
    readonly midCell: boolean;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onLook?: (look: GateLook) => void;
  },
): Promise<GateLook> {
  for (;;) {
    const look = await keeper.look(at, at.signal);
    at.onLook?.(look);
    if (look.verdict !== 'unknown') return look;
    const slept = await at.clock.sleep(LOOK_EVERY_MS, at.signal).then(
      () => true,
      () => false,
    );
    if (!slept) return look;
  }
}

export function findingText({ gate, state, detail }: GateFinding): string {
  return `${gate} is ${state === 'unknown' ? 'not known' : state} (${detail})`;
}
