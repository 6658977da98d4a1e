/**
 * One attempt of an exchange at one cell and region, as undici's handler. It knows whether the request was sent, passes
 * the answer on with backpressure, and gives its connection back exactly once. After `abandon` it tells nobody anything.
 */
import type { Dispatcher } from 'undici';
import { isPlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import { SILENCE_MS } from '../core/link-breaker.ts';
import { type ResponseHead, readResponseHead } from '../core/response-headers.ts';
import { MISDIRECTED } from '../core/routing.ts';
import type { CellLink, LinkCounts } from './cell-link.ts';

/** What an attempt reports to, in this order: head, data …, end; or failed at any point. */
export interface AttemptListener {
  /** `false`: this answer is not wanted (it will be drained and dropped). */
  onHead(attempt: Attempt, status: number, head: ResponseHead): boolean;
  /** `false`: stop reading until `attempt.resume` is called. */
  onChunk(chunk: Buffer): boolean;
  onEnd(): void;
  onFailed(attempt: Attempt, error: Error): void;
}

/** Of an answer that is dropped: beyond it the connection is cheaper to replace than to drain. */
const DRAINED_BYTES_MAX = 64 * 1024;

/** Statuses from here on are the server's own failures. */
const SERVER_ERRORS = 500;

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');

export class Attempt implements Dispatcher.DispatchHandler {
  readonly region: RegionName;
  /** The request was written: from here on its effect can be anything. */
  sent = false;
  answered = false;
  resume: () => void = doNothing;
  readonly #link: CellLink;
  readonly #client: Dispatcher;
  readonly #startedAtMs: number;
  #listener: AttemptListener | null;
  #abort: ((error?: Error) => void) | null = null;
  #abandoned = false;
  #sentWhole = false;
  #declined = false;
  #switchedOff = false;
  #released = false;
  #drainedBytes = 0;

  constructor(options: { region: RegionName; link: CellLink; client: Dispatcher; listener: AttemptListener }) {
    this.region = options.region;
    this.#link = options.link;
    this.#client = options.client;
    this.#listener = options.listener;
    this.#startedAtMs = options.link.nowMs();
  }

  /** The deadline came first. A cell that was given time and said nothing at all looks as if it were gone. */
  expire(): void {
    const nowMs = this.#link.nowMs();
    const silent = this.#sentWhole && !this.answered && nowMs - this.#startedAtMs >= SILENCE_MS;
    if (silent) {
      this.#link.counts.silent += 1;
      this.#link.breaker.failed(nowMs, 'silent');
    }
    this.abandon();
  }

  /** Nobody waits for it any more: ends the connection, so that the cell learns of it too. */
  abandon(): void {
    this.#listener = null;
    this.#abandoned = true;
    this.#abort?.();
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    // Abandoned while it waited for a connection: aborting here means that it is never written.
    if (this.#abandoned) abort();
    else this.sent = true;
  }

  /** The body is out too: from here on it is the cell that takes its time, not the caller. */
  onRequestSent(): void {
    this.#sentWhole = true;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.resume = resume;
    this.answered = true;
    const head = readResponseHead(rawHeaders, latin1);
    this.#switchedOff = head.switchedOff;
    this.#declined = status === MISDIRECTED || (status >= SERVER_ERRORS && !head.switchedOff);
    this.#link.breaker.answered();
    const wanted = this.#listener?.onHead(this, status, head) ?? false;
    if (!wanted) this.#listener = null;
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#listener !== null) return this.#listener.onChunk(chunk);
    this.#drainedBytes += chunk.length;
    if (this.#drainedBytes > DRAINED_BYTES_MAX) this.#abort?.();
    return true;
  }

  onComplete(): void {
    if (this.#declined) this.#link.counts.declined += 1;
    this.#release(this.#switchedOff ? 'switchedOff' : 'answered');
    this.#listener?.onEnd();
  }

  onError(error: Error): void {
    if (this.#abandoned || isPlatformError(error)) this.#release('abandoned');
    else {
      this.#release(this.sent ? 'lost' : 'neverSent');
      this.#link.breaker.failed(this.#link.nowMs(), 'broken');
    }
    this.#listener?.onFailed(this, error);
  }

  #release(ended: keyof LinkCounts): void {
    if (this.#released) return;
    this.#released = true;
    this.#link.counts[ended] += 1;
    this.#link.release(this.#client);
  }
}

function doNothing(): void {
  // Before the first answer there is nothing to resume.
}
