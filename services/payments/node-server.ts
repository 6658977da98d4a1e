/** Serves a fetch handler on node:http: bounded in headers, time and idle sockets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BODY_BYTES_MAX } from '../http/request-body.ts';

type FetchHandler = (request: Request) => Response | Promise<Response>;

export function nodeServer(handle: FetchHandler): Server {
  const server = createServer({ maxHeaderSize: 8 * 1024, requestTimeout: 10_000 }, (incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch((error: unknown) => {
      // Nothing is listening any more, or the head was sent already: the connection is the only way left to say so.
      outgoing.destroy(error instanceof Error ? error : undefined);
    });
  });
  return server;
}

async function answer(handle: FetchHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await readBody(incoming);
  const method = incoming.method ?? 'GET';
  const headers = Object.entries(incoming.headersDistinct).flatMap(([name, values]) =>
    (values ?? []).map((value): [string, string] => [name, value]),
  );
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const url = new URL(incoming.url ?? '/', 'http://payments');
  const response = await handle(new Request(url, { method, headers, ...(hasBody ? { body } : {}) }));
  if (outgoing.destroyed) return;
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

/** One byte above the bound is kept, so that the handler sees that there was more; the rest is dropped. */
async function readBody(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
    bytes += chunk.length;
  }
  return new Uint8Array(Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX + 1));
}
