import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { DEV_AUDIENCE, DEV_ISSUER, openDevIssuer } from '../../local/issuer.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'test-local-issuer-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the development issuer', () => {
  it('issues tokens that its public keys verify', async () => {
    const issuer = await openDevIssuer(dir);
    const token = await issuer.issueToken({ tenant: 'acme', ttlSeconds: 60 });
    const { payload } = await jwtVerify(token, createLocalJWKSet(issuer.jwks), {
      issuer: DEV_ISSUER,
      audience: DEV_AUDIENCE,
      algorithms: ['EdDSA'],
    });
    expect(payload).toMatchObject({ tenant: 'acme', sub: 'acme' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  });

  it('publishes no private key and keeps its file to its owner', async () => {
    const issuer = await openDevIssuer(dir);
    expect(JSON.stringify(issuer.jwks)).not.toContain('"d"');
    expect(statSync(join(dir, 'dev-issuer.json')).mode & 0o777).toBe(0o600);
  });

  it('keeps its key, also when two open it at once', async () => {
    const [first, second] = await Promise.all([openDevIssuer(dir), openDevIssuer(dir)]);
    const third = await openDevIssuer(dir);
    expect(second.jwks).toEqual(first.jwks);
    expect(third.jwks).toEqual(first.jwks);
  });

  it('refuses a tenant or a lifetime that makes no sense', async () => {
    const issuer = await openDevIssuer(dir);
    await expect(issuer.issueToken({ tenant: 'a b' })).rejects.toThrow(/Not a tenant: "a b"/);
    await expect(issuer.issueToken({ tenant: 'acme', ttlSeconds: 0 })).rejects.toThrow(/Not a token lifetime: 0/);
  });
});
