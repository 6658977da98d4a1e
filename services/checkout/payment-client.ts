/**
 * The payment provider over HTTP, behind a bulkhead, a breaker and the caller's deadline. Invariant: an error says what is
 * known of its effect. Refused before anything was sent: none. Sent and not answered, or answered with 5xx: unknown,
 * because a provider may charge and fail afterwards.
 */
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Clock } from '../../core/clock.ts';
import { type Effect, PlatformError } from '../../core/errors.ts';
import { Breaker } from '../../resilience/breaker.ts';
import { Bulkhead } from '../../resilience/bulkhead.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { ChargeOutcome, ChargeRequest, PaymentProvider } from './payment-provider.ts';

/** Calls to the provider at once, from one process; a slow provider must not hold every request of the cell. */
const CONCURRENT_CALLS_MAX = 32;
/** Faults in a row before the provider counts as down. */
const BREAKER_FAULTS = 8;
const BREAKER_OPEN_MS = 1_000;
/** A charge that takes longer is left to the outbox; its order stays PENDING meanwhile. */
export const CALL_TIMEOUT_MS = 2_500;

/** Connection errors of which we know that no byte of the request reached a server. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

const OUTCOMES: Readonly<Record<number, ChargeOutcome>> = {
  200: 'captured',
  201: 'captured',
  402: 'declined',
  409: 'voided',
};

export interface PaymentClientOptions {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly fetch?: typeof fetch;
}

interface Sending {
  readonly path: string;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export class PaymentClient implements PaymentProvider {
  readonly #options: PaymentClientOptions;
  readonly #bulkhead = new Bulkhead({ name: 'payments', activeMax: CONCURRENT_CALLS_MAX, queuedMax: 0 });
  readonly #breaker = new Breaker({
    name: 'payments',
    code: 'PAYMENT_UNAVAILABLE',
    opensAfter: { kind: 'consecutive', failures: BREAKER_FAULTS },
    halfOpenAfterMs: BREAKER_OPEN_MS,
  });

  constructor(options: PaymentClientOptions) {
    this.#options = options;
  }

  async charge(request: ChargeRequest, bounds: CallBounds): Promise<ChargeOutcome> {
    const { key, ...body } = request;
    const status = await this.#send({ path: '/charges', key, body }, bounds);
    const outcome = OUTCOMES[status];
    if (outcome) return outcome;
    throw refusedByContract('charge', status);
  }

  async void(key: string, bounds: CallBounds): Promise<void> {
    const status = await this.#send({ path: `/charges/${encodeURIComponent(key)}/void`, key, body: {} }, bounds);
    if (status !== 200) throw refusedByContract('void', status);
  }

  /** The status of an answer below 500. One try: a repeat is the outbox's, with the same key. */
  #send(sending: Sending, bounds: CallBounds): Promise<number> {
    const { clock } = this.#options;
    const ms = Math.min(CALL_TIMEOUT_MS, bounds.deadlineAtMs - clock.monotonicMs());
    const deadline = new Deadline({ clock, ms, ...(bounds.signal ? { signal: bounds.signal } : {}) });
    return this.#breaker.run(() => this.#bulkhead.run(deadline, (signal) => this.#fetch(sending, signal)));
  }

  async #fetch({ path, key, body }: Sending, signal: AbortSignal): Promise<number> {
    const send = this.#options.fetch ?? fetch;
    let status: number;
    try {
      const response = await send(new URL(path, this.#options.baseUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        signal,
      });
      await response.arrayBuffer();
      status = response.status;
    } catch (error) {
      const code = (error as { cause?: { code?: string } }).cause?.code ?? '';
      throw unavailable('did not answer', NEVER_SENT.has(code) ? 'none' : 'unknown', error);
    }
    if (status >= 500) throw unavailable(`answered ${status}`, 'unknown');
    return status;
  }
}

function unavailable(what: string, effect: Effect, cause?: unknown): PlatformError {
  return new PlatformError({
    code: 'PAYMENT_UNAVAILABLE',
    kind: 'dependency',
    effect,
    message: `The payment provider ${what}. The same key may be sent again: it charges once.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function refusedByContract(call: string, status: number): PlatformError {
  return new PlatformError({
    code: 'INTERNAL',
    kind: 'bug',
    effect: 'none',
    message: `The payment provider refused a ${call} with ${status}: the request breaks its contract.`,
  });
}
