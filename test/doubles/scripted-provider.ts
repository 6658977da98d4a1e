/** A payment provider that does what a test says and remembers what it captured. Keeps the port's promises: once a key, void is final. */
import { PlatformError } from '../../core/errors.ts';
import type { ChargeOutcome, ChargeRequest, PaymentProvider } from '../../services/checkout/payment-provider.ts';

export interface ProviderCall {
  readonly kind: 'charge' | 'void';
  readonly phase: 'before' | 'after';
  readonly key: string;
}

export class ScriptedProvider implements PaymentProvider {
  /** Every capture that moved money, in order. */
  readonly captures: ChargeRequest[] = [];
  readonly calls: ProviderCall[] = [];
  readonly #keys = new Map<string, ChargeOutcome>();
  declines = false;
  /** Sees each call before and after it takes effect; may throw. */
  probe: (call: ProviderCall) => void | Promise<void> = () => undefined;

  async charge(request: ChargeRequest): Promise<ChargeOutcome> {
    const { key } = request;
    await this.#seen({ kind: 'charge', phase: 'before', key });
    const outcome = this.#keys.get(key) ?? (this.declines ? 'declined' : 'captured');
    if (!this.#keys.has(key) && outcome === 'captured') this.captures.push(request);
    this.#keys.set(key, outcome);
    await this.#seen({ kind: 'charge', phase: 'after', key });
    return outcome;
  }

  async void(key: string): Promise<void> {
    await this.#seen({ kind: 'void', phase: 'before', key });
    this.#keys.set(key, 'voided');
    await this.#seen({ kind: 'void', phase: 'after', key });
  }

  /** What the provider holds for the key now. */
  state(key: string): ChargeOutcome | undefined {
    return this.#keys.get(key);
  }

  #seen(call: ProviderCall): void | Promise<void> {
    this.calls.push(call);
    return this.probe(call);
  }
}

export function noAnswer(): PlatformError {
  return new PlatformError({
    code: 'PAYMENT_UNAVAILABLE',
    kind: 'dependency',
    effect: 'unknown',
    message: 'The provider did not answer.',
  });
}
