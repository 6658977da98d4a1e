/** What only the function has: Lambda's events, Lambda's own answers in the place of a cell's, and signatures. */

import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { routerFunction } from '../../router/lambda/router-function.ts';
import type { UrlResult } from '../../router/lambda/url-event.ts';
import { answering, closeAll, event, read, started, token, well } from './function-under-test.ts';
import { EAST, WEST } from './router-under-test.ts';

afterEach(closeAll);

describe('an event', () => {
  it('of any shape gets an answer', async () => {
    const { handler } = await started();
    const context = { awsRequestId: 'q', getRemainingTimeInMillis: () => 30_000 };
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.anything(), fc.record({ requestContext: fc.anything(), rawPath: fc.anything() })),
        async (hostile) => {
          const result = (await handler(hostile, context)) as UrlResult;
          expect([400, 401]).toContain(result.statusCode);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('brings its body in base64 or as text, byte by byte, and takes it back so', async () => {
    const bodies: Buffer[] = [];
    const binary = Buffer.from([0, 255, 254, 10]);
    const { ask } = await started({
      east: (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          bodies.push(Buffer.concat(chunks));
          response.writeHead(200, { 'x-cell': 'c01' }).end(Buffer.concat(chunks));
        });
      },
    });
    const sent = await ask({ method: 'PUT', body: binary.toString('base64'), isBase64Encoded: true });
    expect([sent.isBase64Encoded, Buffer.from(sent.body, 'base64')]).toEqual([true, binary]);
    const text = await ask({ method: 'PUT', body: '{"é":1}' });
    expect([text.isBase64Encoded, text.body]).toEqual([false, '{"é":1}']);
    expect(bodies).toEqual([binary, Buffer.from('{"é":1}')]);
    expect((await ask({ method: 'PUT', body: '***', isBase64Encoded: true })).json.code).toBe('INVALID_INPUT');
  });

  it('can name no other host than the cell, and no service that there is not', async () => {
    const urls: (string | undefined)[] = [];
    const { ask } = await started({
      east: (request, response) => {
        urls.push(request.url);
        well(request, response);
      },
    });
    expect((await ask({ rawPath: '//evil.example/carts' })).json.code).toBe('NOT_FOUND');
    await ask({ rawPath: '/carts/@evil.example/a b?c#d', rawQueryString: 'x=1&y=%20' });
    expect(urls).toEqual(['/carts/@evil.example/a%20b%3Fc%23d?x=1&y=%20']);
  });

  it('is given up in time when the function has less left than the caller', async () => {
    const { parts } = await started({ east: () => undefined });
    const context = { awsRequestId: 'q', getRemainingTimeInMillis: () => 600 };
    const result = (await routerFunction(parts)(event({ method: 'POST' }), context)) as UrlResult;
    expect(read(result).json).toMatchObject({ status: 504, effect: 'unknown' });
  });
});

describe('a call of a cell', () => {
  it('is signed with what it says of the tenant, each attempt anew, and without the token', async () => {
    const seen: Record<string, string | string[] | undefined>[] = [];
    const { ask } = await started({
      east: (request, response) => {
        seen.push(request.headers);
        response.writeHead(421, { 'x-cell': 'c01' }).end();
      },
      west: (request, response) => {
        seen.push(request.headers);
        well(request, response);
      },
    });
    const answer = await ask();
    expect(answer.headers).not.toHaveProperty('x-amzn-requestid');
    expect(
      seen.map(
        (headers) => /Credential=AKIATEST\/\d+\/([a-z0-9-]+)\/lambda\//.exec(String(headers.authorization))?.[1],
      ),
    ).toEqual([EAST, WEST]);
    for (const headers of seen) {
      expect(headers.authorization).toMatch(/SignedHeaders=[^,]*x-deadline-ms[^,]*x-holdfast-cell;x-holdfast-tenant/);
      expect(headers['x-amz-security-token']).toBe('session');
      expect(JSON.stringify(headers)).not.toContain(token);
    }
  });

  it.each([
    [429, 'OVERLOADED', 'none'],
    [413, 'PAYLOAD_TOO_LARGE', 'none'],
    [502, 'OUTCOME_UNKNOWN', 'unknown'],
    [503, 'OUTCOME_UNKNOWN', 'unknown'],
  ])("that Lambda answers with %s ends as %s, with nothing of Lambda's text", async (status, code, effect) => {
    const { ask } = await started({ east: answering(status) });
    const answer = await ask({ method: 'POST', body: '{}' });
    expect(answer.json).toMatchObject({ code, effect });
    expect(answer.body).not.toContain('of AWS');
  });

  it.each([403, 404])(
    'that Lambda lets nobody make (%s) goes to the other region, for it had no effect',
    async (status) => {
      const { ask } = await started({ east: answering(status) });
      expect((await ask({ method: 'POST', body: '{}' })).statusCode).toBe(200);
    },
  );

  it("passes a cell's own failures on as they are", async () => {
    const { ask } = await started({ east: answering(404, { 'x-cell': 'c01' }) });
    expect([(await ask()).statusCode, (await ask()).body]).toEqual([404, '{"Message":"of AWS"}']);
  });

  it('that breaks off in the middle of an answer is unknown, and not made again', async () => {
    let asked = 0;
    const half: RequestListener = (request, response) => {
      asked += 1;
      response.writeHead(200, { 'x-cell': 'c01', 'content-length': '100' });
      response.write('half', () => request.socket.destroy());
    };
    const { ask } = await started({ east: half, west: half });
    expect((await ask({ method: 'POST', body: '{}' })).json).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect((await ask()).json).toMatchObject({ code: 'CELL_UNREACHABLE' });
    expect(asked).toBe(2);
  });
});

describe('a failure that a tenant sees', () => {
  it('is a metric by cell and region of the router, whoever answered it; nothing else is', async () => {
    const { ask, logged } = await started({ east: answering(500, { 'x-cell': 'c01' }), west: answering(500) });
    expect((await ask({ method: 'POST', body: '{}' })).statusCode).toBe(500);
    const [line] = logged.map((text) => JSON.parse(text));
    expect(line).toMatchObject({ cell: 'c01', region: EAST, status: 500, code: null, CellFailed: 1, requestId: 'q' });
    expect(line._aws.CloudWatchMetrics).toEqual([
      { Namespace: 'Holdfast', Dimensions: [['cell', 'region']], Metrics: [{ Name: 'CellFailed', Unit: 'Count' }] },
    ]);
  });

  it('counts when the cell could say nothing for itself', async () => {
    const { ask, logged } = await started({ east: answering(502), west: answering(502) });
    const { json } = await ask({ method: 'POST', body: '{}' });
    expect(logged.map((text) => JSON.parse(text))).toMatchObject([{ cell: 'c01', code: json.code, CellFailed: 1 }]);
  });

  it('is none when the caller is wrong, or the answer is fine', async () => {
    const { ask, logged } = await started({ east: answering(404, { 'x-cell': 'c01' }) });
    await ask();
    await ask({ headers: { authorization: 'Bearer none' } });
    expect(logged).toEqual([]);
  });
});
