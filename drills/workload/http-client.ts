/** HTTP with a hard deadline on the injected clock: every call ends, as an outcome, and never as an exception. */
import { Agent, request } from 'undici';
import type { Clock } from '../../core/clock.ts';
import type { Json } from '../../core/json.ts';
import { type Outcome, outcomeOfAnswer, outcomeOfError } from './outcome.ts';

export interface HttpCall {
  readonly origin: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  readonly deadlineMs: number;
}

/** Above what any drill has in flight to one origin, so that the client never queues: that would count as the platform's time. */
const CONNECTIONS_PER_ORIGIN_MAX = 256;
/** Above a page of a table scan, the longest answer that a drill asks for. */
const ANSWER_BYTES_MAX = 16 * 1_048_576;

export class HttpClient {
  readonly #clock: Clock;
  readonly #agent = new Agent({
    connections: CONNECTIONS_PER_ORIGIN_MAX,
    pipelining: 1,
    maxResponseSize: ANSWER_BYTES_MAX,
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(call: HttpCall): Promise<Outcome> {
    const deadline = new AbortController();
    const answered = new AbortController();
    const timer = this.#clock.sleep(call.deadlineMs, answered.signal).then(
      () => deadline.abort(),
      // The answer came first.
      () => undefined,
    );
    try {
      return await this.#exchange(call, deadline.signal);
    } catch (thrown) {
      return outcomeOfError(thrown);
    } finally {
      answered.abort();
      await timer;
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #exchange(call: HttpCall, signal: AbortSignal): Promise<Outcome> {
    const hasBody = call.body !== null;
    const { statusCode, headers, body } = await request(call.origin + call.path, {
      dispatcher: this.#agent,
      method: call.method,
      headers: { ...(hasBody ? { 'content-type': 'application/json' } : {}), ...call.headers },
      body: hasBody ? JSON.stringify(call.body) : null,
      signal,
    });
    return outcomeOfAnswer({ status: statusCode, headers, body: parsed(await body.text()) });
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Not JSON: the status alone decides, and an error without a problem document is of unknown effect.
    return null;
  }
}
