/**
 * What the provider knows about each key, pure. Invariant: a key is captured at most once and keeps its first answer; a
 * void is the last word, whether it comes before the charge or after.
 */

export interface ChargeEntry {
  /** Position in the ledger, from 1. */
  readonly seq: number;
  readonly key: string;
  readonly orderId: string;
  readonly amountCents: number;
  readonly status: AttemptStatus;
  /** Wall clock. */
  readonly atMs: number;
}

/**
 * What became of one attempt. `captured` moves money, `voided` gives it back (or bars the key); the others move nothing:
 * `declined`, `repeated` (told the first answer again), `refused` (the key is voided), `mismatched` (same key, other charge).
 */
export type AttemptStatus = 'captured' | 'declined' | 'voided' | 'repeated' | 'refused' | 'mismatched';

export type KeyState = 'captured' | 'declined' | 'voided';

export interface Charge {
  readonly key: string;
  readonly orderId: string;
  readonly amountCents: number;
}

interface KeyRecord extends Charge {
  readonly state: KeyState;
}

export interface Attempt {
  readonly status: AttemptStatus;
  /** The key's state afterwards. */
  readonly state: KeyState;
}

export class ChargeBook {
  readonly #keys = new Map<string, KeyRecord>();

  get size(): number {
    return this.#keys.size;
  }

  /** What an attempt would come to. `declines` is asked only when the key is new. */
  judgeCharge(charge: Charge, declines: () => boolean): Attempt {
    const known = this.#keys.get(charge.key);
    if (known === undefined) return declines() ? both('declined') : both('captured');
    if (known.state === 'voided') return { status: 'refused', state: 'voided' };
    const same = known.orderId === charge.orderId && known.amountCents === charge.amountCents;
    return { status: same ? 'repeated' : 'mismatched', state: known.state };
  }

  /** The charge that a void of the key is about; a key never seen is barred with an empty charge. */
  chargeOf(key: string): Charge {
    const { orderId = '', amountCents = 0 } = this.#keys.get(key) ?? {};
    return { key, orderId, amountCents };
  }

  isVoided(key: string): boolean {
    return this.#keys.get(key)?.state === 'voided';
  }

  /** Takes an entry of the ledger: when it was written, and again when it is read at the start. */
  apply({ key, orderId, amountCents, status }: ChargeEntry): void {
    if (status === 'captured' || status === 'declined' || status === 'voided') {
      this.#keys.set(key, { key, orderId, amountCents, state: status });
    }
  }
}

function both(status: 'captured' | 'declined'): Attempt {
  return { status, state: status };
}
