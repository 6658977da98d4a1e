/** What is remembered of a token, and for how long. Real signatures, fake clock. */
import { describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { FakeClock } from '../../core/fake-clock.ts';
import { tenantId } from '../../core/ids.ts';
import { Authenticator } from '../../router/auth/authenticator.ts';
import { type KeySet, readKeySet, refreshKeys } from '../../router/auth/key-set.ts';
import { VERIFIED_AGE_MAX_MS, VerifiedTokens } from '../../router/auth/verified-tokens.ts';
import { publicJwk, signToken } from './router-under-test.ts';

const keys = readKeySet({ keys: [publicJwk] });

async function signedFor(clock: FakeClock, livesS: number): Promise<string> {
  return `Bearer ${await signToken({ expires: Math.floor(clock.wallMs() / 1_000) + livesS })}`;
}

function authenticator(clock: FakeClock, given: KeySet = keys): Authenticator {
  const made = new Authenticator({ clock, issuer: 'https://issuer.test' });
  made.useKeys(given);
  return made;
}

describe('Authenticator', () => {
  it('knows a token after it was verified, and not before', async () => {
    const clock = new FakeClock();
    const auth = authenticator(clock);
    const bearer = await signedFor(clock, 600);
    expect(auth.check(bearer, 'read')).toBeNull();
    expect(await auth.verify(bearer)).toBe('acme');
    expect(auth.check(bearer, 'read')).toBe('acme');
  });

  it('judges the expiry on every request, remembered or not', async () => {
    const clock = new FakeClock();
    const auth = authenticator(clock);
    const bearer = await signedFor(clock, 10);
    await auth.verify(bearer);
    clock.jump(11_000);
    expect(auth.check(bearer, 'read')).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await auth.verify(bearer)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('verifies again after a minute', async () => {
    const clock = new FakeClock();
    const auth = authenticator(clock);
    const bearer = await signedFor(clock, 600);
    await auth.verify(bearer);
    clock.jump(VERIFIED_AGE_MAX_MS);
    expect(auth.check(bearer, 'read')).toBeNull();
  });

  it('lets no write pass on what it remembers, however young', async () => {
    const clock = new FakeClock();
    const auth = authenticator(clock);
    const bearer = await signedFor(clock, 600);
    await auth.verify(bearer);
    expect([auth.check(bearer, 'read'), auth.check(bearer, 'write')]).toEqual(['acme', null]);
    expect(auth.check(null, 'write')).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('forgets everything when the keys change, and nothing when they are the same', async () => {
    const clock = new FakeClock();
    const auth = authenticator(clock);
    const bearer = await signedFor(clock, 600);
    await auth.verify(bearer);
    auth.useKeys(readKeySet({ keys: [publicJwk] }));
    expect(auth.check(bearer, 'read')).toBe('acme');
    const other = await exportJWK((await generateKeyPair('EdDSA', { extractable: true })).publicKey);
    auth.useKeys(readKeySet({ keys: [{ ...other, kid: 'other', alg: 'EdDSA' }] }));
    expect(auth.check(bearer, 'read')).toBeNull();
    expect(await auth.verify(bearer)).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('does not remember what a replaced key set verified', async () => {
    const clock = new FakeClock();
    const auth = authenticator(clock);
    const bearer = await signedFor(clock, 600);
    const verification = auth.verify(bearer);
    auth.useKeys(readKeySet({ keys: [{ ...publicJwk, kid: 'renamed' }] }));
    await verification;
    expect(auth.check(bearer, 'read')).toBeNull();
  });

  it('takes ES256 and RS256 too', async () => {
    const clock = new FakeClock();
    for (const alg of ['ES256', 'RS256']) {
      const pair = await generateKeyPair(alg, { extractable: true });
      const auth = authenticator(clock, readKeySet({ keys: [{ ...(await exportJWK(pair.publicKey)), alg }] }));
      const token = await new SignJWT({ tenant: 'acme' })
        .setProtectedHeader({ alg })
        .setIssuer('https://issuer.test')
        .setAudience('holdfast')
        .setExpirationTime(Math.floor(clock.wallMs() / 1_000) + 60)
        .sign(pair.privateKey);
      expect(await auth.verify(`Bearer ${token}`)).toBe('acme');
    }
  });

  it('refuses while it has no keys, as a failure of ours', async () => {
    const clock = new FakeClock();
    const auth = new Authenticator({ clock, issuer: 'https://issuer.test' });
    expect(await auth.verify(await signedFor(clock, 60))).toMatchObject({ code: 'OVERLOADED', effect: 'none' });
  });
});

describe('VerifiedTokens', () => {
  it('stays bounded and keeps what is used', () => {
    const tokens = new VerifiedTokens(new FakeClock());
    const token = { tenant: tenantId('acme'), expiresAtS: 1 };
    tokens.remember('used', token);
    for (let n = 0; n < 50_000; n++) {
      tokens.remember(`t${n}`, token);
      tokens.get('used');
    }
    expect(tokens.get('used')?.tenant).toBe('acme');
    expect(tokens.get('t0')).toBeUndefined();
    expect(tokens.size).toBeLessThanOrEqual(2 * 8_192);
  });
});

describe('keys', () => {
  it('are public ones, and few', () => {
    for (const hostile of [
      null,
      {},
      { keys: [] },
      { keys: [null] },
      { keys: [{ ...publicJwk, d: 'x' }] },
      { keys: [{ kty: 'oct', k: 'x' }] },
    ]) {
      expect(() => readKeySet(hostile)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
  });

  it('stay as they are while the issuer is away or answers nonsense', async () => {
    const clock = new FakeClock();
    const answers: unknown[] = [{ keys: [publicJwk] }, 'nonsense', { keys: [] }];
    const taken: KeySet[] = [];
    const stop = new AbortController();
    const run = refreshKeys({
      clock,
      rng: { next: () => 0 },
      fetch: async () => {
        if (answers.length === 0) throw new Error('away');
        return answers.shift();
      },
      onKeys: (given) => taken.push(given),
      signal: stop.signal,
    });
    await clock.advance(200_000);
    stop.abort();
    await run;
    expect(taken).toHaveLength(1);
  });
});
