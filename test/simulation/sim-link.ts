/** A link of the simulated network, from a process to a store: how long it takes, and what is wrong with it at present. */
import type { Rng } from '../../core/rng.ts';

/** One way, ms: within a region, between the regions, to the arbiter's quorum. */
const LOCAL_MS = 1;
export const WAN_MS = 12;
const ARBITER_MS = 8;
/** In the base: more than any jitter. */
const DELAYED_RATIO = 5;

/** One link; it outlives the process at its end. Several faults may lie on it at once, hence the counters. */
export class SimLink {
  readonly name: string;
  readonly rng: Rng;
  readonly baseMs: number;
  requestsCut = 0;
  answersCut = 0;
  refused = 0;
  lossRatio = 0;
  duplicateRatio = 0;
  spikeRatio = 0;
  spikeMs = 0;
  /** Requests so far, and the newest of those that have arrived: an earlier one behind it was overtaken. */
  sent = 0;
  newestArrived = 0;
  /** When a write through this link was last known to be done. */
  lastWriteAnswerMs = 0;
  #held: (() => void)[] = [];

  constructor(options: { name: string; rng: Rng }) {
    this.name = options.name;
    this.baseMs = baseOf(options.name);
    this.rng = options.rng;
  }

  delayMs(): number {
    const { rng, baseMs } = this;
    // Twice the base now and then, so that calls overtake each other on a healthy link, too.
    const jittered = baseMs * (0.5 + rng.next() * (rng.next() < 0.1 ? 4 : 1));
    return this.spikeRatio > 0 && rng.next() < this.spikeRatio ? jittered + rng.next() * this.spikeMs : jittered;
  }

  isDelay(ms: number): boolean {
    return ms > DELAYED_RATIO * this.baseMs;
  }

  /** A cut link holds some of what was sent (a connection that outlives the cut delivers it) and swallows the rest. */
  hold(run: () => void): boolean {
    if (this.rng.next() >= 0.4) return false;
    this.#held.push(run);
    return true;
  }

  healed(): void {
    if (this.requestsCut > 0) return;
    for (const run of this.#held.splice(0)) run();
  }
}

function baseOf(link: string): number {
  const [from = '', to = ''] = link.split('>');
  if (to === 'arbiter') return ARBITER_MS;
  return from.slice(from.indexOf('@')) === to.slice(to.indexOf('@')) ? LOCAL_MS : WAN_MS;
}
