/**
 * Reads of nobody's data through the host's own front door, right after it opened, so that the path from HTTP to the store
 * is compiled before a region that takes a cell over is asked for everything at once. Reads only; whatever they answer.
 */
import { request } from 'node:http';
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { Clock } from '../../core/clock.ts';
import { tenantId } from '../../core/ids.ts';

const ROUNDS = 40;
const PAUSE_MS = 30;
const CALL_MS_MAX = 1_000;
/** Names tried for a tenant that this cell serves: with C cells, each fits with a chance of 1 in C. */
const NAMES_MAX = 200;
const PATHS = ['/carts/warm-up', '/stock/anchor-mug', '/products?limit=1'];

export async function warmRequests(options: {
  readonly runtime: CellRuntime;
  readonly internalSecret: string;
  readonly port: number;
  readonly clock: Clock;
}): Promise<void> {
  const { runtime, internalSecret, port, clock } = options;
  const names = Array.from({ length: NAMES_MAX }, (_, n) => tenantId(`warm-up-${n}`));
  const tenant = names.find((name) => runtime.servesTenant(name)) ?? names[0];
  const headers = {
    authorization: `Holdfast-Internal ${internalSecret}`,
    'x-holdfast-tenant': String(tenant),
    'x-holdfast-cell': runtime.identity.cell,
    'x-deadline-ms': String(CALL_MS_MAX),
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const path of PATHS) await get({ port, path, headers });
    await clock.sleep(PAUSE_MS);
  }
}

/** Resolves whatever happens: there is nothing to do about a warm-up that fails. */
function get(call: { port: number; path: string; headers: Record<string, string> }): Promise<void> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', timeout: CALL_MS_MAX, ...call }, (answer) => {
      answer.resume();
      answer.once('close', resolve);
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve());
    sent.end();
  });
}
