/**
 * Who is calling: a bearer token, verified against the issuer's keys. `check` answers from memory without waiting and is
 * what nearly every read needs; `verify` does the cryptography for a token that was not seen in the last minute, and for every
 * write (REQUIREMENTS D4: nothing cached about authorisation is older than that, or lets a write pass). Invariant: no request
 * passes without a token whose signature, issuer, audience and expiry were checked.
 */
import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../core/clock.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import { type TenantId, tenantId } from '../../core/ids.ts';
import { TOKEN_LENGTH_MAX } from '../core/limits.ts';
import type { KeySet } from './key-set.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** Asymmetric only: with a shared secret every verifier could also issue. `none` is not on it. */
const ALGORITHMS = ['EdDSA', 'ES256', 'RS256'];
const AUDIENCE = 'holdfast';
/** Verifications at once; each takes a thread of the pool for about 0.1 ms. More are refused, not queued. */
const VERIFICATIONS_MAX = 256;

export class Authenticator {
  readonly #clock: Clock;
  readonly #issuer: string;
  readonly #verified: VerifiedTokens;
  readonly #running = new Map<string, Promise<TenantId | PlatformError>>();
  #keys: KeySet | null = null;

  constructor(options: { clock: Clock; issuer: string }) {
    this.#clock = options.clock;
    this.#issuer = options.issuer;
    this.#verified = new VerifiedTokens(options.clock);
  }

  /** What was verified under other keys is forgotten at once. */
  useKeys(keys: KeySet): void {
    if (keys.fingerprint === this.#keys?.fingerprint) return;
    this.#keys = keys;
    this.#verified.clear();
  }

  get hasKeys(): boolean {
    return this.#keys !== null;
  }

  /** `null`: not known yet, or not to be taken from memory; call `verify`. */
  check(authorization: string | null, purpose: 'read' | 'write'): TenantId | PlatformError | null {
    if (authorization === null) return unauthenticated('No authorization header. Allowed: "Bearer <token>".');
    if (purpose === 'write') return null;
    const known = this.#verified.get(authorization);
    if (known === undefined) return null;
    if (known.expiresAtS * 1_000 > this.#clock.wallMs()) return known.tenant;
    return unauthenticated('The token has expired. Get a new one.');
  }

  /** Never rejects. Requests with the same token share one verification. */
  verify(authorization: string): Promise<TenantId | PlatformError> {
    const running = this.#running.get(authorization);
    if (running !== undefined) return running;
    if (this.#running.size >= VERIFICATIONS_MAX) return Promise.resolve(tooManyVerifications());
    const verification = this.#verify(authorization).finally(() => this.#running.delete(authorization));
    this.#running.set(authorization, verification);
    return verification;
  }

  async #verify(authorization: string): Promise<TenantId | PlatformError> {
    const token = bearerToken(authorization);
    if (token === null) return unauthenticated(`Not "Bearer <token>" of at most ${TOKEN_LENGTH_MAX} characters.`);
    const keys = this.#keys;
    if (keys === null) return noKeys();
    try {
      const { payload } = await jwtVerify(token, keys.verify, {
        algorithms: ALGORITHMS,
        audience: AUDIENCE,
        issuer: this.#issuer,
        requiredClaims: ['exp', 'tenant'],
        currentDate: new Date(this.#clock.wallMs()),
      });
      const tenant = tenantOf(payload);
      // Keys that changed meanwhile would have emptied the cache: what they replaced must not fill it again.
      if (this.#keys === keys) this.#verified.remember(authorization, { tenant, expiresAtS: payload.exp ?? 0 });
      return tenant;
    } catch (error) {
      return refusal(error);
    }
  }
}

function bearerToken(authorization: string): string | null {
  if (authorization.length > TOKEN_LENGTH_MAX + 'Bearer '.length) return null;
  return /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1] ?? null;
}

function tenantOf(payload: JWTPayload): TenantId {
  return tenantId(payload.tenant);
}

/** Says which claim or check failed, never more: no key, no part of the token. */
function refusal(error: unknown): PlatformError {
  if (error instanceof errors.JWTExpired) return unauthenticated('The token has expired. Get a new one.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`The token's claim "${error.claim}" is not accepted.`);
  }
  if (error instanceof errors.JOSEError) return unauthenticated('The token is not valid.');
  if (isPlatformError(error)) return unauthenticated('The token\'s claim "tenant" is not accepted.');
  return new PlatformError({
    code: 'UNAUTHENTICATED',
    kind: 'bug',
    effect: 'none',
    message: 'The token could not be verified.',
    cause: error,
  });
}

function unauthenticated(message: string): PlatformError {
  return new PlatformError({ code: 'UNAUTHENTICATED', kind: 'caller', effect: 'none', message });
}

function noKeys(): PlatformError {
  return new PlatformError({
    code: 'OVERLOADED',
    kind: 'dependency',
    effect: 'none',
    message: 'The router has no keys of the issuer yet, so it can verify no token.',
  });
}

function tooManyVerifications(): PlatformError {
  return new PlatformError({
    code: 'OVERLOADED',
    kind: 'dependency',
    effect: 'none',
    message: `${VERIFICATIONS_MAX} tokens are being verified at once, which is the limit.`,
  });
}
