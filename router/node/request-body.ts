/**
 * The body of a request on its way to the cell. A small declared body is collected first: the cell's connection is not
 * held by a slow sender, and the body can be sent again. Any other streams through with backpressure; while it does, a
 * copy is kept for as long as it is small enough to be replayed, and counting refuses what grows beyond the limit.
 */
import type { IncomingMessage } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { BODY_BYTES_MAX, REPLAY_BYTES_MAX } from '../core/limits.ts';
import { payloadTooLarge, type RequestHead } from '../core/request-head.ts';

export type BodyPlan = 'none' | 'collect' | 'stream';

export function planBody(head: RequestHead): BodyPlan {
  if (head.chunked) return 'stream';
  if (head.contentLength === null || head.contentLength === 0) return 'none';
  return head.contentLength <= REPLAY_BYTES_MAX ? 'collect' : 'stream';
}

/** Calls back once with the whole body; not at all when the client goes away first. */
export function collectBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  let first: Buffer | null = null;
  let more: Buffer[] | null = null;
  request.on('data', (chunk: Buffer) => {
    if (first === null) first = chunk;
    else if (more === null) more = [first, chunk];
    else more.push(chunk);
  });
  request.on('end', () => done(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more)));
}

export class StreamedBody extends Transform {
  #bytes = 0;
  #kept: Buffer[] | null = [];
  #ended = false;

  constructor() {
    super();
    // The attempt hears of errors while it runs; once the cell has answered, what goes wrong here concerns nobody.
    this.on('error', () => undefined);
  }

  /** The whole body once it has ended, if it stayed small; else `null`. */
  get replay(): Buffer | null {
    return this.#ended && this.#kept !== null ? Buffer.concat(this.#kept) : null;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > BODY_BYTES_MAX) {
      done(payloadTooLarge(this.#bytes));
      return;
    }
    if (this.#bytes > REPLAY_BYTES_MAX) this.#kept = null;
    else this.#kept?.push(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#ended = true;
    done();
  }
}
