/** A few customers who read and write through the routers of a real platform, one request after the other, and never try again. */
import { Agent } from 'undici';
import { systemClock } from '../../core/clock.ts';

export interface Failure {
  readonly what: string;
  readonly answer: string;
  readonly atMs: number;
}

export interface LoadResult {
  readonly sent: number;
  readonly failures: readonly Failure[];
  /** `x-release` of the answers. */
  readonly releases: ReadonlySet<string>;
}

const PAUSE_MS = 25;
const DEADLINE_MS = 5_000;

/** Until it is stopped; what was under way then is waited for. */
export function lightLoad(of: {
  readonly routers: readonly string[];
  readonly token: string;
  readonly customers: number;
}) {
  const stopping = new AbortController();
  const [failures, releases] = [[] as Failure[], new Set<string>()];
  const startedMs = systemClock.monotonicMs();
  const dispatcher = new Agent();
  let sent = 0;
  const customer = async (n: number) => {
    for (let turn = 0; !stopping.signal.aborted; turn++) {
      const router = of.routers[(n + turn) % of.routers.length] ?? '';
      const { what, init } = REQUESTS[turn % REQUESTS.length]?.(n, turn) ?? { what: '', init: {} };
      const [path = '', method = 'GET'] = what.split(' ').reverse();
      sent += 1;
      const headers = { authorization: `Bearer ${of.token}`, 'content-type': 'application/json', ...init.headers };
      try {
        const options = {
          ...init,
          method,
          headers,
          dispatcher,
          signal: AbortSignal.timeout(DEADLINE_MS),
        } as RequestInit;
        const response = await fetch(router + path, options);
        const text = await response.text();
        const release = response.headers.get('x-release');
        if (release) releases.add(release);
        if (response.status >= 400) {
          const answer = `${response.status} ${text.slice(0, 200)}`;
          failures.push({ what, answer, atMs: Math.round(systemClock.monotonicMs() - startedMs) });
        }
      } catch (thrown) {
        failures.push({ what, answer: String(thrown), atMs: Math.round(systemClock.monotonicMs() - startedMs) });
      }
      await systemClock.sleep(PAUSE_MS, stopping.signal).catch(() => undefined);
    }
  };
  const customers = Array.from({ length: of.customers }, (_, n) => customer(n));
  return {
    stop: async (): Promise<LoadResult> => {
      stopping.abort();
      await Promise.all(customers);
      await dispatcher.close();
      return { sent, failures, releases };
    },
  };
}

interface Asked {
  readonly what: string;
  readonly init: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> };
}

/** A strict write, a mergeable one, a read of the owner and one that takes a copy. */
const REQUESTS: readonly ((customer: number, turn: number) => Asked)[] = [
  (n, turn) => ({
    what: `PUT /stock/lamp-${n}`,
    init: {
      body: JSON.stringify({ available: turn + 1, priceCents: 900 }),
      headers: { 'idempotency-key': `stock-${n}-${turn}` },
    },
  }),
  (n, turn) => ({
    what: `PUT /carts/cart-${n}/items/lamp`,
    init: { body: JSON.stringify({ quantity: (turn % 5) + 1 }), headers: { 'idempotency-key': `cart-${n}-${turn}` } },
  }),
  (n) => ({ what: `GET /stock/lamp-${n}`, init: {} }),
  (n) => ({ what: `GET /stock/lamp-${n}`, init: { headers: { 'x-max-staleness-ms': '10000' } } }),
];
