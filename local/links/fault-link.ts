/**
 * A link: a TCP proxy from one process of the platform to another, which can be slowed, made lossy, cut and reset. It listens before
 * its target exists, so that every process can be told its neighbours' addresses at once; its address outlives restarts
 * of the target. A target that is away is refused with a reset, as a dead process's port would be.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import { Connection, type ConnectionFaults, type LinkTarget } from './connection.ts';
import { type FlowFault, NO_FLOW_FAULT } from './flow.ts';
import { type LinkCounters, noCounts } from './link-counters.ts';
import type { FlowDirection, LinkFault } from './link-fault.ts';

/** Connections of one link. A cut holds every attempt; past this number the oldest is given up. */
const CONNECTIONS_MAX = 1_024;

export interface FaultLinkOptions {
  readonly clock: Clock;
  readonly rng: Rng;
}

export class FaultLink {
  readonly #options: FaultLinkOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #counters = noCounts();
  #target: LinkTarget | null = null;
  #fault: LinkFault | null = null;
  #port = 0;

  constructor(options: FaultLinkOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** Resolves with the port that the link listens on (loopback only). */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, () => {
        const address = this.#server.address();
        if (typeof address === 'object' && address !== null) this.#port = address.port;
        resolve(this.#port);
      });
    });
  }

  get url(): string {
    if (this.#port === 0) {
      throw new PlatformError({
        code: 'INTERNAL',
        kind: 'bug',
        effect: 'none',
        message: 'A link was asked for its address before it listened. Await listen() first.',
      });
    }
    return `http://127.0.0.1:${this.#port}`;
  }

  get fault(): LinkFault | null {
    return this.#fault;
  }

  get counters(): LinkCounters {
    return { ...this.#counters };
  }

  /** `null` while the target is away. Connections that stand are left to the ends of the old target. */
  setTarget(target: LinkTarget | null): void {
    this.#target = target;
  }

  setFault(fault: LinkFault | null): void {
    this.#fault = fault;
    const faults = this.#faults();
    for (const connection of [...this.#connections]) {
      if (fault?.reset) connection.reset();
      else connection.setFaults(faults);
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of [...this.#connections]) connection.reset();
    await closed;
  }

  #accept(socket: Socket): void {
    if (this.#fault?.reset) {
      this.#counters.connections += 1;
      this.#counters.resets += 1;
      socket.resetAndDestroy();
      return;
    }
    if (this.#connections.size >= CONNECTIONS_MAX) {
      const [oldest] = this.#connections;
      oldest?.reset();
    }
    let over = false;
    const connection = new Connection({
      accepted: socket,
      target: () => this.#target,
      faults: this.#faults(),
      counters: this.#counters,
      ...this.#options,
      onClosed: (closed) => {
        over = true;
        this.#connections.delete(closed);
      },
    });
    // It may be over already: without a target a connection ends while it is made.
    if (!over) this.#connections.add(connection);
  }

  #faults(): ConnectionFaults {
    return { up: flowFault(this.#fault, 'up'), down: flowFault(this.#fault, 'down') };
  }
}

function flowFault(fault: LinkFault | null, direction: FlowDirection): FlowFault {
  if (!fault || (fault.direction !== 'both' && fault.direction !== direction)) return NO_FLOW_FAULT;
  const { cut = false, latencyMs = 0, jitterMs = 0, lossRatio = 0 } = fault;
  return { cut, latencyMs, jitterMs, lossRatio };
}
