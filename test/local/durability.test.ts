/** The whole platform, for real: what it acknowledged is there again after kill -9 of every process of it. */
import { type ChildProcess, execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import { identityOf, isAlive } from '../../local/supervisor/process-identity.ts';
import { bundle } from './bundle.ts';
import { forkSupervisor, untilReady } from './supervisor-fork.ts';

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
  const supervisor = forkSupervisor(script, { stateDir, dataDir: join(stateDir, 'data') });
  const { routers, processes } = await untilReady(supervisor);
  return { supervisor, router: routers['us-east-1'] ?? '', pids: processes.map(({ pid }) => pid) };
}

async function killEverything({ supervisor, pids }: Started): Promise<void> {
  const children = pids.map(identityOf);
  supervisor.kill('SIGKILL');
  for (const child of children) {
    // The supervisor's death may have ended it before we do.
    if (isAlive(child)) killIfThere(child.pid);
  }
  while (children.some(isAlive)) await systemClock.sleep(10);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

interface Asked {
  readonly router: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Until the platform has an answer, as a patient client would: right after a start the lease may still have to be taken. */
async function ask(asked: Asked): Promise<Answer> {
  for (;;) {
    const answer = await askOnce(asked);
    if (answer && answer.status < 500 && answer.status !== 421) return answer;
    await systemClock.sleep(ASK_AGAIN_EVERY_MS);
  }
}

/** `null`: the connection broke. */
async function askOnce({ router, method = 'GET', path, body, key }: Asked): Promise<Answer | null> {
  const response = await fetch(`${router}${path}`, {
    method,
    headers: { ...headers, ...(key ? { 'idempotency-key': key } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => null);
  return response && { status: response.status, body: await response.json() };
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
