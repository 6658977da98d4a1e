/**
 * The issuer's public keys: given once, or fetched out of band and kept as last known good. A request never waits for
 * the issuer, and an issuer that is away, or answers nonsense, changes nothing.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { type Rng, randomInt } from '../../core/rng.ts';

/** Keys in one set: an issuer rotates a handful. */
const KEYS_MAX = 32;
const REFRESH_EVERY_MS = 60_000;
const REFRESH_JITTER_MS = 15_000;
const REFRESH_FAILED_MS = 5_000;

export interface KeySet {
  readonly verify: JWTVerifyGetKey;
  readonly fingerprint: string;
}

/** Throws `INVALID_INPUT` for anything that is not a set of public keys. */
export function readKeySet(document: unknown): KeySet {
  const keys = (document as JSONWebKeySet | null)?.keys;
  if (!Array.isArray(keys) || keys.length < 1 || keys.length > KEYS_MAX) {
    throw invalid(`Not a JWKS. Allowed: {"keys": [1–${KEYS_MAX} public keys]}.`);
  }
  for (const key of keys) {
    if (typeof key !== 'object' || key === null || 'd' in key || 'k' in key) {
      throw invalid('A key of the JWKS is no public key. Allowed: public keys only; remove "d" and "k".');
    }
  }
  return { verify: createLocalJWKSet({ keys }), fingerprint: JSON.stringify(keys) };
}

/** Keeps `onKeys` supplied until the signal aborts. `fetch` rejects when there is no answer within its time limit. */
export async function refreshKeys(options: {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly fetch: (signal: AbortSignal) => Promise<unknown>;
  readonly onKeys: (keys: KeySet) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { clock, signal } = options;
  while (!signal.aborted) {
    let pauseMs = REFRESH_EVERY_MS;
    try {
      options.onKeys(readKeySet(await options.fetch(signal)));
    } catch {
      // The last known good keys stay; ask again soon.
      pauseMs = REFRESH_FAILED_MS;
    }
    // The only way the sleep rejects is the abort that ends the loop.
    await clock.sleep(pauseMs + randomInt(options.rng, REFRESH_JITTER_MS), signal).catch(() => undefined);
  }
}
