/** Bad input at the router's door: a clear problem document, nothing buffered, nothing passed on, the next request served. */
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generateKeyPair, SignJWT } from 'jose';
import { BODY_BYTES_MAX } from '../../router/core/limits.ts';
import { describeOnNode, HOSTS, testOnNode } from './hosts.ts';
import { RouterUnderTest, signingKey, signToken } from './router-under-test.ts';

describe.each(HOSTS)('on %s', (host) => {
  const onNode = testOnNode(host);
  let under: RouterUnderTest;
  beforeAll(async () => {
    under = await RouterUnderTest.start({}, host);
  });
  afterAll(() => under.close());

  describe('tokens', () => {
    const refused: readonly [string, () => Promise<string | null>][] = [
      ['no token', async () => null],
      ['no token at all', async () => 'nonsense'],
      ['an expired one', () => signToken({ expires: 1_600_000_000 })],
      ['another issuer', () => signToken({ issuer: 'https://elsewhere.test' })],
      ['another audience', () => signToken({ audience: 'other' })],
      ['a tenant that is no tenant id', () => signToken({ tenant: '../c02' })],
      ['a tenant that is no string', () => signToken({ tenant: { a: 1 } })],
      ['another key', async () => signToken({}, (await generateKeyPair('EdDSA')).privateKey)],
      ['algorithm none', async () => `${base64({ alg: 'none' })}.${(await signToken()).split('.')[1]}.`],
      [
        'a shared secret',
        async () => {
          const jwt = new SignJWT({ tenant: 'acme' }).setProtectedHeader({ alg: 'HS256' });
          return jwt
            .setIssuer('https://issuer.test')
            .setAudience('holdfast')
            .setExpirationTime('1h')
            .sign(new Uint8Array(32));
        },
      ],
      [
        'no expiry',
        () =>
          new SignJWT({ tenant: 'acme' })
            .setProtectedHeader({ alg: 'EdDSA', kid: 'test' })
            .setIssuer('https://issuer.test')
            .setAudience('holdfast')
            .sign(signingKey),
      ],
    ];

    it.each(refused)('refuses %s with 401', async (_name, token) => {
      const before = under.seen.length;
      const answer = await under.ask({ token: await token() });
      expect(answer.json).toMatchObject({ status: 401, code: 'UNAUTHENTICATED', effect: 'none' });
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(under.seen).toHaveLength(before);
    });

    // Lambda joins them to one, which is no token.
    onNode('refuses two authorization headers', async () => {
      const raw = await under.raw(
        `GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${under.token}\r\nauthorization: Bearer x\r\nconnection: close\r\n\r\n`,
      );
      expect(raw).toContain('INVALID_INPUT');
    });
  });

  describe('sizes', () => {
    // Lambda's front refuses it.
    onNode('refuses a body that is declared too large, before any of it was sent', async () => {
      const raw = await under.raw(
        `POST / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${under.token}\r\ncontent-length: ${BODY_BYTES_MAX + 1}\r\n\r\n`,
      );
      expect(raw).toMatch(/^HTTP\/1.1 413 /);
      expect(raw).toContain('PAYLOAD_TOO_LARGE');
    });

    it('refuses a streamed body when it grows too large', async () => {
      function* endless(): Generator<Buffer> {
        for (let sent = 0; sent <= BODY_BYTES_MAX; sent += 65_536) yield Buffer.alloc(65_536);
      }
      const answer = await under.ask({ method: 'POST', body: Readable.from(endless()) });
      expect(answer.json).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE', effect: 'none' });
    });

    it('refuses headers that are too large or too many', async () => {
      const large = await under.ask({ headers: { 'x-large': 'x'.repeat(20_000) } });
      expect(large.json).toMatchObject({ status: 431, code: 'HEADERS_TOO_LARGE' });
      const many = Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`x-${n}`, '1']));
      expect((await under.ask({ headers: many })).json).toMatchObject({ status: 431, code: 'HEADERS_TOO_LARGE' });
    });

    it('refuses deadlines that are none', async () => {
      for (const deadline of ['0', '-1', '60001', '1e3', 'soon', '', '99999999']) {
        const answer = await under.ask({ headers: { 'x-deadline-ms': deadline } });
        expect([deadline, answer.status, answer.json.code]).toEqual([deadline, 400, 'INVALID_INPUT']);
      }
    });
  });

  // Lambda's front parses; what reaches the function is whole.
  describeOnNode(host)('framing', () => {
    const head = () => `host: a\r\nauthorization: Bearer ${under.token}\r\n`;
    const smuggled: readonly [string, () => string][] = [
      [
        'content-length and chunked',
        () => `POST / HTTP/1.1\r\n${head()}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
      ['two lengths', () => `POST / HTTP/1.1\r\n${head()}content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef`],
      ['a list of lengths', () => `POST / HTTP/1.1\r\n${head()}content-length: 5, 5\r\n\r\nabcde`],
      ['a signed length', () => `POST / HTTP/1.1\r\n${head()}content-length: +5\r\n\r\nabcde`],
      ['an unknown encoding', () => `POST / HTTP/1.1\r\n${head()}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
      ['a folded header', () => `GET / HTTP/1.1\r\n${head()}x-a: 1\r\n folded\r\n\r\n`],
      ['a space before the colon', () => `GET / HTTP/1.1\r\n${head()}x-a : 1\r\n\r\n`],
      ['a bare line feed', () => `GET / HTTP/1.1\nhost: a\n\n`],
      ['a method of its own', () => `SMUGGLE / HTTP/1.1\r\n${head()}\r\n`],
      ['TRACE', () => `TRACE / HTTP/1.1\r\n${head()}connection: close\r\n\r\n`],
      ['an absolute target', () => `GET http://victim/ HTTP/1.1\r\n${head()}connection: close\r\n\r\n`],
      ['no HTTP at all', () => 'hello\r\n\r\n'],
    ];

    it.each(smuggled)('refuses %s with 400, and no cell sees it', async (_name, request) => {
      const before = under.seen.length;
      const raw = await under.raw(request());
      expect(raw).toMatch(/^HTTP\/1.1 400 /);
      expect(raw).toContain('"code":"INVALID_INPUT"');
      expect(under.seen).toHaveLength(before);
    });

    it('does not let a connection header decide what passes', async () => {
      await under.ask({ headers: { 'idempotency-key': 'k', te: 'trailers', 'x-forwarded-for': 'a' } });
      const seen = under.seen.at(-1)?.headers ?? {};
      expect(seen.te).toBeUndefined();
      expect(seen['x-forwarded-for']).toBeUndefined();
      expect(seen['idempotency-key']).toBe('k');
    });

    it('answers any bytes with 4xx or silence, and lives', async () => {
      const line = fc.oneof(
        fc.constantFrom(
          'GET / HTTP/1.1',
          'host: a',
          'content-length: 3',
          'transfer-encoding: chunked',
          'expect: 100-continue',
          '',
        ),
        fc.string({ unit: 'binary', maxLength: 40 }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
          const raw = await under.raw(`${lines.join('\r\n')}\r\n\r\n`, 'half-close');
          expect(raw).toMatch(/^(HTTP\/1.1 4|HTTP\/1.1 100 |$)/);
        }),
        { numRuns: 100 },
      );
    });

    it('serves on afterwards', async () => {
      expect((await under.ask()).status).toBe(200);
    });
  });
});

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
