/**
 * How far this region's copy of its peer's commits is behind, without comparing two clocks and without believing that a
 * message is young because it has just arrived.
 *
 * Obstacle: a heartbeat may be written long after it was sent (a slow link, a stopped store, two that overtake each other),
 * so the time of its arrival says nothing. Rule: heartbeats answer each other. Ours carries a number, the peer's next one
 * repeats it, and whatever that one says was true after we *sent* ours:
 *
 *   us     T: send beat 7 ─────────╲                        ╱──▶ seen: complete up to T − lag, on our clock
 *   peer                      ╲──▶ read 7, look, "echo 7, lag" ╱
 *
 * All statements are about a fixed instant and stay true, so the newest instant counts and order of arrival does not matter.
 * Only the rates of the clocks must agree, to within the margin of the leases. Source of the idea: Cristian, "Probabilistic
 * clock synchronization" (1989): a round trip on one's own clock bounds what a one-way message can't.
 */
import { LEASE_MARGIN_RATIO } from '../../core/lease.ts';

/** Beats of ours that may still be echoed: a peer answers within seconds, or the answer is worth nothing. */
const SENT_MAX = 64;
/** Processes of the peer that are remembered, earlier ones and those that it has side by side; of others no mark counts. */
const BOOTS_MAX = 64;

/** What one heartbeat says. */
export interface Beat {
  /** Names the process that sent it; another one counts anew. */
  readonly boot: string;
  readonly counter: number;
  /** `<boot>/<counter>` of the newest beat of the other region that its sender had read when it looked at its journal. */
  readonly echo: string | null;
  /** Age of the instant up to which the sender's commits are all at the peer; `null`: unknown. */
  readonly lagMs: number | null;
  /** The sender's newest beat that was sent before that instant. */
  readonly through: number;
  /** The highest epoch under which the sender fenced the peer's store for itself; 0: never. */
  readonly fenced: number;
  /** The highest epoch that the sender knew of; `null`: none yet. */
  readonly known: number | null;
}

export class Staleness {
  readonly boot: string;
  #counter = 0;
  readonly #sentAtMs = new Map<number, number>();
  #completeToMs: number | null = null;
  /** Of each process of the peer, the one heard last at the end: its newest beat by which all was here. */
  readonly #through = new Map<string, number>();
  /** The highest that the peer ever said. */
  #fenced = 0;
  #known = 0;

  constructor(boot: string) {
    this.boot = boot;
  }

  get peerFencedUs(): number {
    return this.#fenced;
  }

  get peerKnows(): number {
    return this.#known;
  }

  /** Numbers a beat that is about to be sent. */
  sending(nowMs: number): number {
    this.#counter += 1;
    this.#sentAtMs.set(this.#counter, nowMs);
    this.#sentAtMs.delete(this.#counter - SENT_MAX);
    return this.#counter;
  }

  /** Our newest beat that was sent at `instantMs` or before; 0: none that is remembered. */
  sentBy(instantMs: number | null): number {
    let newest = 0;
    for (const [counter, sentAtMs] of this.#sentAtMs) {
      if (instantMs !== null && sentAtMs <= instantMs) newest = Math.max(newest, counter);
    }
    return newest;
  }

  heard(beat: Beat): void {
    this.#fenced = Math.max(this.#fenced, beat.fenced);
    this.#known = Math.max(this.#known, beat.known ?? 0);
    const sentAtMs = this.#echoed(beat.echo);
    // Who knows of no epoch can't say whether it owns the cell: nothing follows from its silence about one.
    if (sentAtMs === null || beat.lagMs === null || beat.known === null) return;
    const completeToMs = sentAtMs - beat.lagMs;
    if (completeToMs <= (this.#completeToMs ?? Number.NEGATIVE_INFINITY)) return;
    this.#completeToMs = completeToMs;
    this.#heardThrough(beat);
  }

  /** Upper bound, ms; `null`: unknown. */
  ms(nowMs: number): number | null {
    return this.#completeToMs === null ? null : (nowMs - this.#completeToMs) * (1 + LEASE_MARGIN_RATIO);
  }

  /** A name for "everything that this region has committed so far", for the other region's `includes`. */
  mark(): string {
    return `${this.boot}/${this.#counter + 1}`;
  }

  /**
   * Whether all that the peer had committed when it gave the mark is here. `false` also when that can't be told: that another
   * process of the peer is heard does not mean that the one which gave the mark has ended, and it may be at work beside it.
   */
  includes(mark: string): boolean {
    const { boot, counter } = parted(mark);
    const through = this.#through.get(boot);
    return through !== undefined && through >= counter;
  }

  #heardThrough({ boot, through }: Beat): void {
    const counter = Math.max(this.#through.get(boot) ?? 0, through);
    this.#through.delete(boot);
    this.#through.set(boot, counter);
    const [oldest] = this.#through.keys();
    if (this.#through.size > BOOTS_MAX && oldest !== undefined) this.#through.delete(oldest);
  }

  #echoed(echo: string | null): number | null {
    if (echo === null) return null;
    const { boot, counter } = parted(echo);
    return boot === this.boot ? (this.#sentAtMs.get(counter) ?? null) : null;
  }
}

function parted(name: string): { readonly boot: string; readonly counter: number } {
  const at = name.lastIndexOf('/');
  return { boot: name.slice(0, at), counter: Number(name.slice(at + 1)) };
}
