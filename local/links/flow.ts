/**
 * One direction of one proxied connection. Bytes leave in the order in which they came, whatever the jitter; backpressure
 * passes through; while the direction is cut the source is paused after its first chunk (which proves that there was
 * something to hold), so what piles up is bounded by the kernel's socket buffers and not by our memory.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Rng } from '../../core/rng.ts';
import { type Retransmitted, retransmit } from './retransmission.ts';

/** A direction's share of the link's fault. */
export interface FlowFault {
  readonly cut: boolean;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly lossRatio: number;
}

export const NO_FLOW_FAULT: FlowFault = { cut: false, latencyMs: 0, jitterMs: 0, lossRatio: 0 };

/** Delayed bytes per direction of a connection: 1 s of delay at 2 Mbit/s; past it the source waits. */
const DELAYED_BYTES_MAX = 256 * 1024;

const NOTHING_LOST: Retransmitted = { losses: 0, delayMs: 0 };

export interface FlowOptions {
  readonly source: Socket;
  readonly sink: Socket;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly fault: FlowFault;
  readonly onBytes: (count: number) => void;
  readonly onHeld: () => void;
  readonly onDelayed: () => void;
  readonly onLost: (count: number) => void;
}

interface Delayed {
  readonly bytes: Buffer;
  readonly dueAtMs: number;
}

export class Flow {
  readonly #options: FlowOptions;
  #fault: FlowFault;
  #queue: Delayed[] = [];
  #queuedBytes = 0;
  #lastDueAtMs = 0;
  #sourceEnded = false;
  #sinkFull = false;
  #pumping = false;
  #closed = false;
  /** Ends the pump's present sleep: a changed fault changes what is due when. */
  #wake = new AbortController();

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#fault = options.fault;
    const { source, sink } = options;
    source.on('data', (bytes: Buffer) => this.#receive(bytes));
    source.on('end', () => {
      this.#sourceEnded = true;
      this.#endIfDone();
    });
    sink.on('drain', () => {
      this.#sinkFull = false;
      this.#proceed();
    });
    this.#regulate();
  }

  get cut(): boolean {
    return this.#fault.cut;
  }

  setFault(fault: FlowFault): void {
    this.#fault = fault;
    // What is on its way does not have to sit out a delay that was healed.
    const latestMs = this.#options.clock.monotonicMs() + fault.latencyMs + fault.jitterMs;
    this.#queue = this.#queue.map(({ bytes, dueAtMs }) => ({ bytes, dueAtMs: Math.min(dueAtMs, latestMs) }));
    this.#lastDueAtMs = Math.min(this.#lastDueAtMs, latestMs);
    this.#wake.abort();
    this.#proceed();
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#wake.abort();
  }

  #receive(bytes: Buffer): void {
    const { clock, rng, onDelayed, onHeld, onLost } = this.#options;
    const { cut, latencyMs, jitterMs, lossRatio } = this.#fault;
    if (!cut && latencyMs + jitterMs + lossRatio === 0 && this.#queue.length === 0) {
      this.#deliver(bytes);
      return;
    }
    if (cut) onHeld();
    if (latencyMs + jitterMs > 0) onDelayed();
    const lost = lossRatio > 0 ? retransmit(lossRatio, rng) : NOTHING_LOST;
    if (lost.losses > 0) onLost(lost.losses);
    const dueAtMs = clock.monotonicMs() + latencyMs + jitterMs * rng.next() + lost.delayMs;
    this.#lastDueAtMs = Math.max(this.#lastDueAtMs, dueAtMs);
    this.#queue.push({ bytes, dueAtMs: this.#lastDueAtMs });
    this.#queuedBytes += bytes.length;
    this.#proceed();
  }

  #deliver(bytes: Buffer): void {
    this.#options.onBytes(bytes.length);
    const { sink } = this.#options;
    if (sink.writable && !sink.write(bytes)) this.#sinkFull = true;
    this.#regulate();
  }

  #proceed(): void {
    this.#regulate();
    void this.#pump();
    this.#endIfDone();
  }

  /** The one place that decides whether the source is read. */
  #regulate(): void {
    const { source } = this.#options;
    const held = this.#fault.cut && this.#queue.length > 0;
    if (held || this.#sinkFull || this.#queuedBytes >= DELAYED_BYTES_MAX) source.pause();
    else source.resume();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (let head = this.#queue[0]; head && !this.#blocked(); head = this.#queue[0]) {
      const waitMs = head.dueAtMs - this.#options.clock.monotonicMs();
      if (waitMs > 0) {
        await this.#sleep(waitMs);
        continue;
      }
      this.#queue.shift();
      this.#queuedBytes -= head.bytes.length;
      this.#deliver(head.bytes);
    }
    this.#pumping = false;
    this.#endIfDone();
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
    try {
      await this.#options.clock.sleep(ms, this.#wake.signal);
    } catch {
      // Woken early on purpose: the pump looks again at what is due.
    }
  }

  #blocked(): boolean {
    return this.#fault.cut || this.#sinkFull || this.#closed;
  }

  #endIfDone(): void {
    if (this.#sourceEnded && this.#queue.length === 0 && !this.#fault.cut && !this.#closed) this.#options.sink.end();
  }
}
