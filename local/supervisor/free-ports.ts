/** Ports of this machine: picking free ones, and checking that fixed ones are free before anything is started. */
import { createServer, type Server } from 'node:net';
import { PlatformError } from '../../core/errors.ts';
import { type Rng, randomInt } from '../../core/rng.ts';

/** A free port. Another program may take it before it is used; whoever uses it must be able to ask for another. */
export async function freePort(): Promise<number> {
  const server = await listening(0);
  const address = server.address();
  await closed(server);
  if (typeof address === 'object' && address !== null) return address.port;
  throw new PlatformError({
    code: 'INTERNAL',
    kind: 'bug',
    effect: 'none',
    message: 'A TCP server has no port. Try again.',
  });
}

/** Below it, systems hand out no port by themselves (Linux from 32768, macOS and Windows from 49152), so a free one stays free. */
const KEPT_PORTS = { from: 10_240, below: 32_768 };
const KEPT_TRIES_MAX = 50;

/**
 * `count` free ports in a row, for processes that are to be found again where they were after they have died and come back. Throws
 * `PORT_IN_USE` when so many places in a row were taken that something else is wrong.
 */
export async function freePortsToKeep(count: number, rng: Rng): Promise<readonly number[]> {
  for (let tries = 1; ; tries++) {
    const base = KEPT_PORTS.from + randomInt(rng, KEPT_PORTS.below - KEPT_PORTS.from - count);
    const ports = Array.from({ length: count }, (_, index) => base + index);
    try {
      await assertPortsFree(ports);
      return ports;
    } catch (thrown) {
      if (tries >= KEPT_TRIES_MAX) throw thrown;
    }
  }
}

/** Throws `PORT_IN_USE` for the first port that somebody else listens on. */
export async function assertPortsFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    try {
      await closed(await listening(port));
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      const what = code === 'EADDRINUSE' ? 'is in use by another program' : `can't be used (${code})`;
      throw new PlatformError({
        code: 'PORT_IN_USE',
        kind: 'caller',
        effect: 'none',
        message: `Port ${port} ${what}. Ports needed: ${ports.join(', ')}. End that program, or choose another range with --port BASE.`,
        details: { port, ports },
        cause,
      });
    }
  }
}

function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
