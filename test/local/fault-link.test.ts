/** Links with real sockets: an echo server behind a link, one client before it. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { seededRng } from '../../core/rng.ts';
import { FaultLink } from '../../local/links/fault-link.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const item of opened.splice(0).reverse()) await item.close();
});

interface Echo {
  readonly port: number;
  readonly received: () => string;
  readonly nextBytes: () => Promise<unknown>;
  readonly connections: Set<Socket>;
}

async function echoServer(): Promise<Echo> {
  const connections = new Set<Socket>();
  let received = '';
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.on('data', (bytes) => {
      received += bytes.toString();
      socket.write(bytes);
      server.emit('bytes');
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push({
    close: () => {
      for (const socket of connections) socket.destroy();
      server.close();
    },
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { port, received: () => received, nextBytes: () => once(server, 'bytes'), connections };
}

async function linkTo(port: number | null): Promise<{ link: FaultLink; port: number }> {
  const link = new FaultLink({ clock: systemClock, rng: seededRng(7) });
  opened.push(link);
  const linkPort = await link.listen();
  if (port !== null) link.setTarget({ host: '127.0.0.1', port });
  return { link, port: linkPort };
}

async function client(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  opened.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

async function readText(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const [bytes] = await once(socket, 'data');
    text += String(bytes);
  }
  return text;
}

function failure(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve('closed'));
  });
}

describe('a link without a fault', () => {
  it('passes bytes both ways and counts them', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    const socket = await client(port);
    socket.write('hello');
    expect(await readText(socket, 5)).toBe('hello');
    expect(link.counters).toMatchObject({ connections: 1, open: 1, bytesUp: 5, bytesDown: 5, held: 0, delayed: 0 });
  });

  it('passes the end of a stream on, after every byte', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    const socket = await client(port);
    const payload = 'x'.repeat(3_000_000);
    socket.end(payload);
    let length = 0;
    socket.on('data', (bytes) => {
      length += bytes.length;
    });
    await once(socket, 'close');
    expect(length).toBe(payload.length);
    expect(link.counters.open).toBe(0);
    expect(link.counters.resets).toBe(0);
  });

  it('resets a connection while its target is away, and serves once it is there', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(null);
    expect(await failure(connect({ host: '127.0.0.1', port }))).toBe('ECONNRESET');
    link.setTarget({ host: '127.0.0.1', port: echo.port });
    const socket = await client(port);
    socket.write('a');
    expect(await readText(socket, 1)).toBe('a');
  });

  it('resets the client when the target resets', async () => {
    const echo = await echoServer();
    const { port } = await linkTo(echo.port);
    const socket = await client(port);
    socket.write('a');
    await readText(socket, 1);
    const failed = failure(socket);
    for (const connection of echo.connections) connection.resetAndDestroy();
    expect(await failed).toBe('ECONNRESET');
  });
});

describe('a cut', () => {
  it('holds a new connection and its bytes, and delivers them after the heal', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    link.setFault({ direction: 'both', cut: true });
    const socket = await client(port);
    socket.write('late');
    expect(echo.connections.size).toBe(0);
    link.setFault(null);
    expect(await readText(socket, 4)).toBe('late');
    expect(link.counters.held).toBeGreaterThan(0);
  });

  it('upwards lets responses through and holds requests of a standing connection', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    const socket = await client(port);
    socket.write('1');
    await readText(socket, 1);
    link.setFault({ direction: 'up', cut: true });
    socket.write('2');
    for (const connection of echo.connections) connection.write('pushed');
    expect(await readText(socket, 6)).toBe('pushed');
    expect(echo.received()).toBe('1');
    link.setFault(null);
    expect(await readText(socket, 1)).toBe('2');
  });

  it('downwards lets the request take effect and holds the answer', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    const socket = await client(port);
    socket.write('1');
    await readText(socket, 1);
    link.setFault({ direction: 'down', cut: true });
    const arrived = echo.nextBytes();
    socket.write('2');
    await arrived;
    expect(echo.received()).toBe('12');
    expect(link.counters.bytesDown).toBe(1);
    link.setFault(null);
    expect(await readText(socket, 1)).toBe('2');
  });

  it('keeps the news of a dead target from the client until the heal', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    const socket = await client(port);
    socket.write('1');
    await readText(socket, 1);
    link.setFault({ direction: 'both', cut: true });
    let closed = false;
    const failed = failure(socket).then((code) => {
      closed = true;
      return code;
    });
    const [connection] = echo.connections;
    connection?.resetAndDestroy();
    // A second link's round trip gives the reset ample time to have travelled.
    const other = await linkTo(echo.port);
    const witness = await client(other.port);
    witness.write('w');
    await readText(witness, 1);
    expect(closed).toBe(false);
    link.setFault(null);
    expect(await failed).toBe('ECONNRESET');
  });

  it('pauses the sender instead of buffering', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    const socket = await client(port);
    socket.write('1');
    await readText(socket, 1);
    link.setFault({ direction: 'up', cut: true });
    const block = Buffer.alloc(1024 * 1024, 'x');
    for (let block_ = 0; block_ < 16; block_++) socket.write(block);
    const other = await linkTo(echo.port);
    const witness = await client(other.port);
    witness.write('w');
    await readText(witness, 1);
    expect(link.counters.bytesUp).toBe(1);
    // What neither the kernel's buffers nor one held chunk took is still the client's.
    expect(socket.writableLength).toBeGreaterThan(0);
    link.setFault(null);
    expect((await readText(socket, 16 * block.length)).length).toBe(16 * block.length);
  });
});

describe('a reset', () => {
  it('ends standing connections and refuses new ones until the heal', async () => {
    const echo = await echoServer();
    const { link, port } = await linkTo(echo.port);
    const socket = await client(port);
    socket.write('1');
    await readText(socket, 1);
    const failed = failure(socket);
    link.setFault({ direction: 'both', reset: true });
    expect(await failed).toBe('ECONNRESET');
    expect(await failure(connect({ host: '127.0.0.1', port }))).toBe('ECONNRESET');
    link.setFault(null);
    const again = await client(port);
    again.write('2');
    expect(await readText(again, 1)).toBe('2');
  });
});
