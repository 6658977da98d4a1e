/** The whole platform, for real: what it acknowledged is there again after kill -9 of every process of it. */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import { identityOf, isAlive } from '../../local/supervisor/process-identity.ts';
import { bundle } from './bundle.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ASK_AGAIN_EVERY_MS = 50;

interface Started {
  readonly supervisor: ChildProcess;
  readonly router: string;
  readonly pids: readonly number[];
}

let script = '';
let stateDir = '';
let headers: Record<string, string> = {};
let running: Started | null = null;

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(ROOT, 'local', 'build.mjs')]);
  script = await bundle('test/local/supervisor-process.ts', 'durability');
  stateDir = mkdtempSync(join(tmpdir(), 'test-local-durability-'));
  const token = await (await openDevIssuer(stateDir)).issueToken({ tenant: 'acme' });
  headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
});
afterAll(async () => {
  if (running) await killEverything(running);
  rmSync(script, { force: true });
  rmSync(stateDir, { recursive: true, force: true });
});

async function start(): Promise<Started> {
  const options = { stateDir, dataDir: join(stateDir, 'data') };
  const supervisor = fork(script, [JSON.stringify(options)], { execArgv: [], env: { PATH: process.env.PATH } });
  const [message] = await once(supervisor, 'message');
  const told = message as { routers: Record<string, string>; processes: { pid: number }[] };
  const router = told.routers['us-east-1'] ?? '';
  return { supervisor, router, pids: told.processes.map(({ pid }) => pid) };
}

async function killEverything({ supervisor, pids }: Started): Promise<void> {
  const children = pids.map(identityOf);
  for (const pid of [supervisor.pid ?? 0, ...pids]) process.kill(pid, 'SIGKILL');
  while (children.some(isAlive)) await systemClock.sleep(10);
}

interface Asked {
  readonly router: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
}

/** Until the platform has an answer: right after a start the lease may still have to be taken. */
async function ask({ router, method = 'GET', path, body, key }: Asked): Promise<{ status: number; body: unknown }> {
  for (;;) {
    const response = await fetch(`${router}${path}`, {
      method,
      headers: { ...headers, ...(key ? { 'idempotency-key': key } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = { status: response.status, body: await response.json() };
    if (answer.status < 500 && answer.status !== 421) return answer;
    await systemClock.sleep(ASK_AGAIN_EVERY_MS);
  }
}

describe('a platform with a kept data directory', () => {
  it('has everything that it acknowledged after kill -9 of all its processes', async () => {
    running = await start();
    const first = running.router;
    const stock = { router: first, path: '/stock/lamp' };
    expect(await ask({ ...stock, method: 'PUT', body: { available: 5, priceCents: 900 }, key: 's1' })).toMatchObject({
      status: 200,
    });
    const item = { router: first, path: '/carts/c1/items/lamp', method: 'PUT' };
    expect(await ask({ ...item, body: { quantity: 2 }, key: 'i1' })).toMatchObject({ status: 200 });
    const purchase = { path: '/checkout', method: 'POST', body: { cart: 'c1' }, key: 'p1' };
    const ordered = await ask({ router: first, ...purchase });
    expect(ordered.status).toBe(201);
    await killEverything(running);

    running = await start();
    const second = running.router;
    const { order } = ordered.body as { order: string };
    expect(await ask({ router: second, path: `/orders/${order}` })).toEqual({ status: 200, body: ordered.body });
    // The same idempotency key still names the same order.
    expect(await ask({ router: second, ...purchase })).toEqual(ordered);
    expect(await ask({ router: second, path: '/stock/lamp' })).toMatchObject({ body: { available: 3 } });
  });
});
