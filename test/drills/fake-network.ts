/** What lies between the processes of the fake platform: links that can be cut or lossy, leases, and what waits for a peer. */
import { systemClock } from '../../core/clock.ts';
import type { LinkFault, LinkSight } from '../../drills/ports/platform-port.ts';

type Counters = { -readonly [Name in keyof LinkSight['counters']]: number };

interface Waiting {
  readonly from: string;
  readonly to: string;
  readonly deliver: () => void;
}

export class FakeNetwork {
  readonly #links = new Map<string, { from: string; to: string; fault: LinkFault | null; counters: Counters }>();
  readonly #leaseUntilMs = new Map<string, number>();
  readonly #failingSinceMs = new Map<string, number>();
  readonly #leaseTtlMs: number;
  #waiting: Waiting[] = [];

  constructor(options: { regions: readonly string[]; cells: readonly string[]; leaseTtlMs: number }) {
    const { regions, cells } = options;
    this.#leaseTtlMs = options.leaseTtlMs;
    for (const region of regions) {
      for (const cell of cells) {
        const host = `${cell}@${region}`;
        this.#add(host, 'arbiter');
        for (const at of regions) {
          if (at !== region) this.#add(host, `${cell}@${at}.store`);
          this.#add(`router@${region}`, `${cell}@${at}`);
        }
      }
    }
  }

  get sights(): readonly LinkSight[] {
    return [...this.#links].map(([name, link]) => ({ name, ...link, counters: { ...link.counters } }));
  }

  setFault(name: string, fault: LinkFault | null): void {
    const link = this.#links.get(name);
    if (!link) throw new Error(`no link ${name}`);
    link.fault = fault;
    if (fault === null) this.#deliver();
  }

  /** One call over the link: whether it gets there and back. */
  passes(from: string, to: string): boolean {
    const link = this.#links.get(`${from}>${to}`);
    if (link?.fault?.lossRatio) link.counters.lost += 1;
    if (link?.fault?.latencyMs) link.counters.delayed += 1;
    if (link?.fault?.reset) link.counters.resets += 1;
    if (!link?.fault?.cut) return true;
    link.counters.held += 1;
    return false;
  }

  /** A host renews with every write, as far as it reaches the arbiter. */
  holdsLease(host: string, arbiterUp: boolean): boolean {
    const nowMs = systemClock.monotonicMs();
    if (this.passes(host, 'arbiter') && arbiterUp) this.#leaseUntilMs.set(host, nowMs + this.#leaseTtlMs);
    return nowMs < (this.#leaseUntilMs.get(host) ?? 0);
  }

  /** `suspect` for longer than a lease, then `gone`. */
  peer(host: string, store: string): 'ok' | 'suspect' | 'gone' {
    if (this.passes(host, store)) {
      this.#failingSinceMs.delete(host);
      return 'ok';
    }
    const nowMs = systemClock.monotonicMs();
    const sinceMs = this.#failingSinceMs.get(host) ?? nowMs;
    this.#failingSinceMs.set(host, sinceMs);
    return nowMs - sinceMs > 1.2 * this.#leaseTtlMs ? 'gone' : 'suspect';
  }

  /** In the journal until the link is healed. */
  later(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  waitingIn(host: string): number {
    return this.#waiting.filter(({ from }) => from === host).length;
  }

  #deliver(): void {
    const ready = this.#waiting.filter(({ from, to }) => !this.#links.get(`${from}>${to}`)?.fault);
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { deliver } of ready) deliver();
  }

  #add(from: string, to: string): void {
    this.#links.set(`${from}>${to}`, { from, to, fault: null, counters: { held: 0, delayed: 0, resets: 0, lost: 0 } });
  }
}
