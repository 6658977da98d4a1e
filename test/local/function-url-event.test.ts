import { describe, expect, it } from '@jest/globals';
import { type HttpRequest, toFunctionUrlEvent, toHttpReply } from '../../local/hosts/function-url-event.ts';

const TOLD = { requestId: 'r-1', nowMs: 1_700_000_000_000 };

function event(request: Partial<HttpRequest>) {
  const given = { method: 'GET', url: '/', headers: {}, body: Buffer.alloc(0), sourceIp: '127.0.0.1', ...request };
  return toFunctionUrlEvent(given, TOLD);
}

describe('toFunctionUrlEvent', () => {
  it('splits path and query, and keeps both as they were received', () => {
    expect(event({ url: '/carts/a%20b?x=1&x=2&y=%20' })).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/carts/a%20b',
      rawQueryString: 'x=1&x=2&y=%20',
      queryStringParameters: { x: '1,2', y: ' ' },
      requestContext: { http: { method: 'GET', path: '/carts/a%20b', sourceIp: '127.0.0.1' }, requestId: 'r-1' },
      isBase64Encoded: false,
    });
  });

  it('leaves query and body out where there are none', () => {
    const bare = event({ url: '/carts' });
    expect(bare.rawQueryString).toBe('');
    expect('queryStringParameters' in bare || 'body' in bare || 'cookies' in bare).toBe(false);
  });

  it('moves cookies out of the headers', () => {
    const seen = event({ headers: { cookie: 'a=1; b=2', accept: '*/*' } });
    expect(seen.cookies).toEqual(['a=1', 'b=2']);
    expect(seen.headers).toEqual({ accept: '*/*' });
  });

  it.each([
    ['application/json', undefined, false],
    ['application/problem+json; charset=utf-8', undefined, false],
    ['text/plain', undefined, false],
    ['application/json', 'gzip', true],
    ['application/octet-stream', undefined, true],
    [undefined, undefined, true],
  ])('passes a body of type %s, encoding %s, in base64: %s', (type, encoding, base64) => {
    const headers = {
      ...(type ? { 'content-type': type } : {}),
      ...(encoding ? { 'content-encoding': encoding } : {}),
    };
    const body = Buffer.from('{"n":"é"}');
    const seen = event({ method: 'POST', headers, body });
    expect(seen.isBase64Encoded).toBe(base64);
    expect(Buffer.from(seen.body ?? '', base64 ? 'base64' : 'utf8')).toEqual(body);
  });
});

describe('toHttpReply', () => {
  it('takes status, headers, cookies and a body in base64', () => {
    const reply = toHttpReply({
      statusCode: 201,
      headers: { 'x-cell': 'c01', 'x-cell-epoch': 7, 'content-length': '999' },
      cookies: ['a=1', 'b=2'],
      body: Buffer.from([0, 255]).toString('base64'),
      isBase64Encoded: true,
    });
    expect(reply).toEqual({
      status: 201,
      headers: { 'x-cell': 'c01', 'x-cell-epoch': '7', 'set-cookie': ['a=1', 'b=2'] },
      body: Buffer.from([0, 255]),
    });
  });

  it('sends anything without a status code as the JSON body of a 200', () => {
    expect(toHttpReply({ ok: true })).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from('{"ok":true}'),
    });
    expect(toHttpReply(undefined).body.toString()).toBe('null');
  });
});
