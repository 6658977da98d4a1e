/**
 * The connections to one cell in one region, and the bulkhead in front of them: a connection carries one request at a
 * time, so the free connections *are* the free slots. Separate for each region of a cell, so that requests that hang in
 * a region that is gone take no slot from the region that took over.
 */
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../../core/clock.ts';
import { CONNECT_TIMEOUT_MS, HEADERS_BYTES_MAX, IN_FLIGHT_PER_LINK_MAX } from '../core/limits.ts';
import { LinkBreaker } from '../core/link-breaker.ts';

/** Below the cell host's own idle limit, so that a connection is rarely closed under a request. */
const IDLE_MS = 4_000;

/** How attempts ended, since the process started. */
export interface LinkCounts {
  answered: number;
  /** Of those answered: 421 or 5xx, so the region refused by itself. */
  declined: number;
  /** Refused by a mode, and not among those answered: it says nothing of how the region is. */
  switchedOff: number;
  /** No connection came about. */
  neverSent: number;
  /** Sent, and the connection ended without a whole answer. */
  lost: number;
  /** Given up by the router: deadline, caller gone. */
  abandoned: number;
  /** Of those abandoned: the cell had its time and said nothing. */
  silent: number;
  /** Not tried, because the bulkhead was full. */
  refused: number;
}

export class CellLink {
  readonly origin: string;
  readonly counts: LinkCounts = {
    ...{ answered: 0, declined: 0, switchedOff: 0, neverSent: 0, lost: 0, abandoned: 0, silent: 0, refused: 0 },
  };
  /** Last used first: its socket is warm, and the rest may go idle. */
  readonly #free: Client[] = [];
  #inFlight = 0;

  readonly breaker = new LinkBreaker();
  readonly #clock: Clock;

  constructor(options: { origin: string; clock: Clock }) {
    this.origin = options.origin;
    this.#clock = options.clock;
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A free connection, to be given back with `release`; `null`: the bulkhead is full. */
  acquire(): Dispatcher | null {
    if (this.#inFlight >= IN_FLIGHT_PER_LINK_MAX) {
      this.counts.refused += 1;
      return null;
    }
    this.#inFlight += 1;
    return this.#free.pop() ?? this.#connect();
  }

  release(client: Dispatcher): void {
    this.#inFlight -= 1;
    this.#free.push(client as Client);
  }

  /** Ends every idle connection; those in use end with their request. */
  async close(): Promise<void> {
    await Promise.all(this.#free.splice(0).map((client) => client.destroy()));
  }

  #connect(): Client {
    return new Client(this.origin, {
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      maxHeaderSize: HEADERS_BYTES_MAX,
      connect: { timeout: CONNECT_TIMEOUT_MS, noDelay: true },
      // The exchange has one timer for its deadline; two more in here would only disagree with it.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }
}
