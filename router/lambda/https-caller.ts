/**
 * One HTTP call with Node's own client: over kept connections, bounded in time and size, and precise about what became of
 * it. Never the global `fetch`: that can't tell "never sent" from "sent and lost", on which the one retry rests, and it
 * writes on connections that died while Lambda had the process frozen. Here a connection that was idle for longer than
 * `IDLE_MS` is not used again, so the first write after a long sleep doesn't end as "outcome unknown".
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { HEADERS_BYTES_MAX } from '../core/limits.ts';

/** Below the idle limit of what stands in front of functions and buckets (5 s or more). */
const IDLE_MS = 4_000;
/** One environment serves one request at a time; a request has one attempt under way, and the map's refresh beside it. */
const IDLE_SOCKETS_MAX = 8;
/** Name, TCP and TLS across a continent on a slow vCPU: past this, the region is gone. */
const CONNECT_TIMEOUT_MS = 1_500;

export interface HttpCall {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** An answer beyond this counts as broken. */
  readonly bytesMax: number;
  /** Ends the call, as `expired`. */
  readonly signal: AbortSignal;
}

export type HttpOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly rawHeaders: string[]; readonly body: Buffer }
  /** No connection: nothing has left. */
  | { readonly kind: 'never-sent' }
  /** Sent, and the connection ended without an answer. */
  | { readonly kind: 'lost' }
  /** An answer had begun, and did not come whole. */
  | { readonly kind: 'broken' }
  /** The signal came first. `sentWhole`: it was the other side that took its time. */
  | { readonly kind: 'expired'; readonly sent: boolean; readonly sentWhole: boolean };

export class HttpsCaller {
  readonly #clock: Clock;
  readonly #agents = {
    'http:': new HttpAgent({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS_MAX }),
    'https:': new HttpsAgent({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS_MAX }),
  };
  #lastUsedAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never rejects. */
  call(call: HttpCall): Promise<HttpOutcome> {
    this.#dropIdle();
    return new Promise((resolve) => this.#begin(call, resolve));
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #begin(call: HttpCall, resolve: (outcome: HttpOutcome) => void): void {
    let sent = false;
    let answered = false;
    let ended = false;
    const connected = new AbortController();
    const secure = call.url.protocol === 'https:';
    const request = (secure ? requestHttps : requestHttp)(call.url, {
      agent: secure ? this.#agents['https:'] : this.#agents['http:'],
      method: call.method,
      headers: call.headers,
      maxHeaderSize: HEADERS_BYTES_MAX,
    });
    const end = (outcome: HttpOutcome) => {
      if (ended) return;
      ended = true;
      this.#lastUsedAtMs = this.#clock.monotonicMs();
      call.signal.removeEventListener('abort', onAbort);
      connected.abort();
      resolve(outcome);
    };
    // Once an answer has begun, it is its body that says how it ended.
    const fail = () => {
      if (!answered) end({ kind: sent ? 'lost' : 'never-sent' });
    };
    const onAbort = () => {
      end({ kind: 'expired', sent, sentWhole: sent && request.writableFinished && !answered });
      request.destroy();
    };
    request.on('error', fail);
    request.on('close', fail);
    request.on('socket', (socket: Socket) => {
      const onConnected = () => {
        sent = true;
        connected.abort();
      };
      if (request.reusedSocket) onConnected();
      else socket.once(secure ? 'secureConnect' : 'connect', onConnected);
    });
    request.on('response', (response) => {
      answered = true;
      void readBody(response, call.bytesMax).then((body) => {
        const { statusCode: status = 0, rawHeaders } = response;
        end(body === null ? { kind: 'broken' } : { kind: 'answered', status, rawHeaders, body });
        if (body === null) request.destroy();
      });
    });
    call.signal.addEventListener('abort', onAbort, { once: true });
    this.#clock.sleep(CONNECT_TIMEOUT_MS, connected.signal).then(
      () => request.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
      // Connected, or ended, in time.
      () => undefined,
    );
    request.end(call.body ?? undefined);
    if (call.signal.aborted) onAbort();
  }

  /** Lambda froze the process, or nobody came: whatever is still open may have been closed at the other end. */
  #dropIdle(): void {
    if (this.#clock.monotonicMs() - this.#lastUsedAtMs < IDLE_MS) return;
    for (const agent of Object.values(this.#agents)) {
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    }
  }
}

/** `null`: broken off, or too large. */
async function readBody(response: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) return null;
      chunks.push(chunk);
    }
  } catch {
    // Broken off: the caller says what that means.
    return null;
  }
  return response.complete ? Buffer.concat(chunks) : null;
}
