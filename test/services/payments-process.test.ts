/** The payment provider as a process: it reports its port, survives kill -9 with its ledger, and ends when its parent is gone. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

let directory: string;
let bundle: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'payments-process-'));
  bundle = join(directory, 'main.mjs');
  await build({
    entryPoints: ['services/payments/main.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: bundle,
  });
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
});

interface Report {
  readonly type: string;
  readonly port: number;
  readonly pid: number;
  readonly message: string;
}

async function start(env: Record<string, string> = {}): Promise<{ child: ChildProcess; report: Report; url: string }> {
  const child = fork(bundle, { env: { PORT: '0', HOLDFAST_DATA: directory, ...env }, stdio: 'ignore' });
  children.add(child);
  const [report] = (await once(child, 'message')) as [Report];
  return { child, report, url: `http://127.0.0.1:${report.port}` };
}

async function charge(url: string, key: string): Promise<number> {
  const headers = { 'idempotency-key': key, 'content-type': 'application/json' };
  const body = JSON.stringify({ orderId: key, amountCents: 700 });
  const response = await fetch(`${url}/charges`, { method: 'POST', headers, body });
  await response.arrayBuffer();
  return response.status;
}

describe('the payment process', () => {
  it('remembers what it captured and what it voided after kill -9', async () => {
    const first = await start();
    expect(first.report).toMatchObject({ type: 'ready', pid: first.child.pid });
    expect(await charge(first.url, 'a')).toBe(200);
    await fetch(`${first.url}/charges/b/void`, { method: 'POST' });
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await start();
    expect([await charge(second.url, 'a'), await charge(second.url, 'b')]).toEqual([200, 409]);
    const ledger = (await (await fetch(`${second.url}/charges?after=0`)).json()) as { entries: { status: string }[] };
    expect(ledger.entries.map(({ status }) => status)).toEqual(['captured', 'voided', 'repeated', 'refused']);
    second.child.disconnect();
    expect(await once(second.child, 'exit')).toEqual([0, null]);
  });

  it('refuses a large body and a broken one, and goes on', async () => {
    const { child, url } = await start();
    for (const [body, status] of [
      ['x'.repeat(100_000), 413],
      ['{', 400],
    ] as const) {
      const response = await fetch(`${url}/behaviour`, { method: 'PUT', body });
      expect(response.status).toBe(status);
      await response.arrayBuffer();
    }
    expect(await charge(url, 'c')).toBe(200);
    child.kill('SIGKILL');
  });

  it.each([
    [{ PORT: '99999' }, /PORT is "99999"/],
    [{ HOLDFAST_DATA: '' }, /HOLDFAST_DATA is missing/],
  ])('says why it does not start with %j', async (env, message) => {
    const { child, report } = await start(env);
    expect(report).toMatchObject({ type: 'failed', message: expect.stringMatching(message) });
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(1);
  });

  it('says so when its port is taken', async () => {
    const first = await start();
    const { report } = await start({ PORT: String(first.report.port) });
    expect(report).toMatchObject({ type: 'failed', message: expect.stringContaining('EADDRINUSE') });
    first.child.kill('SIGKILL');
  });
});
