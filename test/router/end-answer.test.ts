/** `endCheaply` against `end(chunk)`: the same bytes in the same order, whatever the size and however many are pipelined. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { endCheaply } from '../../router/node/end-answer.ts';

type End = (response: ServerResponse, chunk: Buffer) => void;

/** Around the bound between the two ways, an empty one, and one that is larger than a socket takes at once. */
const SIZES = [0, 1, 2_047, 2_048, 2_049, 70_000, 300_000];
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Every byte value occurs, so that a wrong encoding shows. */
const bodyOf = (size: number) => Buffer.from(Array.from({ length: size }, (_, at) => at % 256));

async function wire(end: End, options: { method: string; pauses: boolean }): Promise<Buffer> {
  const server = createServer((request, response) => {
    const body = bodyOf(Number(request.url?.slice(1)));
    response.writeHead(200, ['content-length', String(body.length), 'x-size', String(body.length), 'date', 'fixed']);
    // The first of several pipelined answers comes last: the others must wait for their turn.
    if (request.url === `/${SIZES[0]}`) setImmediate(() => end(response, body));
    else end(response, body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const last = SIZES.length - 1;
  const request = (size: number, index: number) =>
    `${options.method} /${size} HTTP/1.1\r\nhost: a\r\n${index === last ? 'connection: close\r\n' : ''}\r\n`;
  socket.write(SIZES.map(request).join(''));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    if (!options.pauses) return;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks);
}

describe('the end of an answer', () => {
  it.each([
    { method: 'GET', pauses: false },
    { method: 'GET', pauses: true },
    { method: 'HEAD', pauses: false },
  ])('is byte for byte what end(chunk) writes: $method, a reader that pauses: $pauses', async (options) => {
    const expected = await wire((response, chunk) => response.end(chunk), options);
    const seen = await wire(endCheaply, options);
    expect(seen.length).toBe(expected.length);
    expect(seen.equals(expected)).toBe(true);
  });
});
