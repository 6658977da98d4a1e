/**
 * Stands where Lambda stands: takes HTTP, calls the router's handler with the event of a Function URL, and sends its result.
 * It has no bounds of its own, so that the router's are seen.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import { systemRng } from '../../core/rng.ts';
import { toFunctionUrlEvent, toHttpReply } from '../../local/hosts/function-url-event.ts';
import { makeFunctionParts } from '../../router/lambda/function-parts.ts';
import { routerFunction } from '../../router/lambda/router-function.ts';
import type { FunctionSettings } from '../../router/lambda/settings.ts';

/** A slow machine answers the first question late; the suites begin with a map on either host. */
const FIRST_MAP_WAIT_MS = 20_000;

export async function startLambdaRouter(
  settings: FunctionSettings,
  { firstMapWaitMs = FIRST_MAP_WAIT_MS }: { firstMapWaitMs?: number },
): Promise<{ port: number; close(): Promise<void> }> {
  const parts = makeFunctionParts(settings, { clock: systemClock, rng: systemRng, log: () => undefined });
  const handler = routerFunction(parts);
  const untilMs = systemClock.monotonicMs() + firstMapWaitMs;
  while (!parts.snapshots.hasAddresses && systemClock.monotonicMs() < untilMs) {
    parts.refreshMap.kick();
    await systemClock.sleep(10);
  }
  const server = createServer({ keepAliveTimeout: 65_000, maxHeaderSize: 64 * 1024 }, (request, response) => {
    void bodyOf(request).then(async (body) => {
      const { method = '', url = '', headers } = request;
      const event = toFunctionUrlEvent(
        { method, url, headers, body, sourceIp: '127.0.0.1' },
        { requestId: 'r', nowMs: 0 },
      );
      const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 };
      // By JSON and back, as everything that Lambda passes.
      const result = await handler(JSON.parse(JSON.stringify(event)), context);
      const reply = toHttpReply(JSON.parse(JSON.stringify(result)));
      response.writeHead(reply.status, reply.headers);
      response.end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        parts.caller.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
