/**
 * One proxied connection: the accepted socket, the socket to the target, a flow in each direction. Nothing crosses a cut,
 * not even the news that an end has closed: the other end learns of it after the heal, as over a real partition.
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Rng } from '../../core/rng.ts';
import { Flow, type FlowFault } from './flow.ts';
import type { MutableLinkCounters } from './link-counters.ts';

export interface LinkTarget {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionFaults {
  readonly up: FlowFault;
  readonly down: FlowFault;
}

export interface ConnectionOptions {
  readonly accepted: Socket;
  readonly target: () => LinkTarget | null;
  readonly faults: ConnectionFaults;
  readonly counters: MutableLinkCounters;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly onClosed: (connection: Connection) => void;
}

type End = 'open' | 'closed' | 'failed';

export class Connection {
  readonly #options: ConnectionOptions;
  #faults: ConnectionFaults;
  #upstream: Socket | null = null;
  #up: Flow | null = null;
  #down: Flow | null = null;
  #acceptedEnd: End = 'open';
  #upstreamEnd: End = 'open';
  #over = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#faults = options.faults;
    const { accepted, counters } = options;
    counters.connections += 1;
    counters.open += 1;
    accepted.setNoDelay(true);
    // An error is always followed by 'close', which is where we act.
    accepted.on('error', ignoreUntilClose);
    accepted.on('close', (hadError) => {
      this.#acceptedEnd = hadError ? 'failed' : 'closed';
      this.#settle();
    });
    if (this.#handshakeCut()) counters.held += 1;
    this.#settle();
  }

  setFaults(faults: ConnectionFaults): void {
    this.#faults = faults;
    this.#up?.setFault(faults.up);
    this.#down?.setFault(faults.down);
    this.#settle();
  }

  /** Both ends see a reset. */
  reset(): void {
    if (this.#over) return;
    this.#options.counters.resets += 1;
    this.#end();
  }

  /** A connection is set up only when both directions pass: SYN up, SYN-ACK down. */
  #handshakeCut(): boolean {
    return this.#faults.up.cut || this.#faults.down.cut;
  }

  /** Draws the consequences of what has closed and of what is cut; called after every change of either. */
  #settle(): void {
    if (this.#over) return;
    if (!this.#upstream) {
      if (this.#acceptedEnd !== 'open') this.#end();
      else if (!this.#handshakeCut()) this.#connect();
      return;
    }
    // A clean close has already travelled as the end of a flow; only a failure is passed on here.
    const acceptedFailed = this.#acceptedEnd === 'failed' && !this.#faults.up.cut;
    const upstreamFailed = this.#upstreamEnd === 'failed' && !this.#faults.down.cut;
    const bothGone = this.#acceptedEnd !== 'open' && this.#upstreamEnd !== 'open';
    if (acceptedFailed || upstreamFailed || bothGone) this.#end();
  }

  #connect(): void {
    const target = this.#options.target();
    if (!target) {
      this.reset();
      return;
    }
    const { accepted, counters } = this.#options;
    const upstream = connect({ host: target.host, port: target.port, noDelay: true, allowHalfOpen: true });
    this.#upstream = upstream;
    upstream.on('error', ignoreUntilClose);
    upstream.on('close', (hadError) => {
      this.#upstreamEnd = hadError ? 'failed' : 'closed';
      if (hadError) counters.resets += 1;
      this.#settle();
    });
    const shared = {
      clock: this.#options.clock,
      rng: this.#options.rng,
      onHeld: () => {
        counters.held += 1;
      },
      onDelayed: () => {
        counters.delayed += 1;
      },
      onLost: (count: number) => {
        counters.lost += count;
      },
    };
    this.#up = new Flow({
      ...shared,
      source: accepted,
      sink: upstream,
      fault: this.#faults.up,
      onBytes: (count) => {
        counters.bytesUp += count;
      },
    });
    this.#down = new Flow({
      ...shared,
      source: upstream,
      sink: accepted,
      fault: this.#faults.down,
      onBytes: (count) => {
        counters.bytesDown += count;
      },
    });
  }

  #end(): void {
    this.#over = true;
    this.#up?.close();
    this.#down?.close();
    endSocket(this.#options.accepted);
    if (this.#upstream) endSocket(this.#upstream);
    this.#options.counters.open -= 1;
    this.#options.onClosed(this);
  }
}

function ignoreUntilClose(): void {
  // 'close' follows and carries the consequence.
}

/** A reset, unless the socket has closed by itself. */
function endSocket(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}
