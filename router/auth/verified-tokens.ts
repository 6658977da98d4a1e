/**
 * Remembers which token bytes were verified under the present keys. It caches a *computation* (a pure function of the
 * token and the key set), not an authorisation: the expiry is judged anew on every request, a change of keys empties it,
 * and nothing stays longer than a minute. Two generations bound it: reading costs one look-up and moves nothing.
 */
import type { Clock } from '../../core/clock.ts';
import type { TenantId } from '../../core/ids.ts';

export interface VerifiedToken {
  readonly tenant: TenantId;
  /** Seconds since 1970, from the token. */
  readonly expiresAtS: number;
  /** On this process's monotonic clock. */
  readonly verifiedAtMs: number;
}

/** The bound of REQUIREMENTS D4 for anything cached about authorisation. */
export const VERIFIED_AGE_MAX_MS = 60_000;
/** Two generations of this many. At a typical 600 bytes a token that is 10 MB. */
const GENERATION_SIZE_MAX = 8_192;

export class VerifiedTokens {
  readonly #clock: Clock;
  #young = new Map<string, VerifiedToken>();
  #old = new Map<string, VerifiedToken>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `authorization` is the header's whole value. */
  get(authorization: string): VerifiedToken | undefined {
    let found = this.#young.get(authorization);
    if (found === undefined) {
      found = this.#old.get(authorization);
      if (found === undefined) return undefined;
      this.#put(authorization, found);
    }
    return this.#clock.monotonicMs() - found.verifiedAtMs < VERIFIED_AGE_MAX_MS ? found : undefined;
  }

  remember(authorization: string, token: { tenant: TenantId; expiresAtS: number }): void {
    this.#put(authorization, { ...token, verifiedAtMs: this.#clock.monotonicMs() });
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  #put(authorization: string, token: VerifiedToken): void {
    if (this.#young.size >= GENERATION_SIZE_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(authorization, token);
  }
}
