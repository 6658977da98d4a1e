/** The port to the payment provider, a system of its own that can be slow, fail, or charge and never answer. */
import type { CallBounds } from '../../cell/cell-store.ts';

export interface ChargeRequest {
  /** The provider charges a key at most once; ours is the order id. */
  readonly key: string;
  readonly orderId: string;
  readonly amountCents: number;
  readonly paymentMethod: string | null;
}

/** What the provider says about a key; the same for ever, but that a captured one may be voided. */
export type ChargeOutcome = 'captured' | 'declined' | 'voided';

export interface PaymentProvider {
  /**
   * Throws `PAYMENT_UNAVAILABLE` or `DEADLINE_EXCEEDED` (effect `none` when the provider certainly did not see it, else
   * `unknown`), `OVERLOADED` (none).
   */
  charge(request: ChargeRequest, bounds: CallBounds): Promise<ChargeOutcome>;

  /**
   * Afterwards no charge of the key stands and none can be made, however late one arrives. Idempotent. Throws
   * as `charge` does.
   */
  void(key: string, bounds: CallBounds): Promise<void>;
}
