/** A release on a real platform of this machine: one cell, two regions, customers who never try again. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLocalRelease } from '../../cli/local-release.ts';
import { RELEASE_STEPS } from '../../control/rollout/release/release-executor.ts';
import { systemClock } from '../../core/clock.ts';
import { cellId } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import type { CellHostStatus } from '../../local/hosts/host-status.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import { ReleaseShelf } from '../../local/releases/release-shelf.ts';
import { spoilRelease } from '../../local/releases/spoil-release.ts';
import { type Platform, startPlatform } from '../../local/supervisor/start-platform.ts';
import topology from '../../platform.config.ts';
import { lightLoad } from './light-load.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const C01 = cellId('c01');
const machine = { clock: systemClock, rng: systemRng };

let stateDir = '';
let platform: Platform;
let shelf: ReleaseShelf;
let first = '';
let token = '';

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(ROOT, 'local', 'build.mjs')]);
  stateDir = mkdtempSync(join(tmpdir(), 'test-release-'));
  platform = await startPlatform({ topology, cells: 1, signals: 'leave', stateDir, dataDir: join(stateDir, 'data') });
  shelf = new ReleaseShelf(join(stateDir, 'data', 'releases'));
  first = (await running())['us-east-1'] ?? '';
  token = await (await openDevIssuer(stateDir)).issueToken({ tenant: 'acme' });
}, 120_000);
afterAll(async () => {
  await platform?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

/** Megabytes, of every cell's process. */
async function heapLimits(): Promise<readonly number[]> {
  const { processes, internalSecret } = await platform.view();
  const headers = { authorization: `Holdfast-Internal ${internalSecret}` };
  const cells = processes.filter(({ kind }) => kind === 'cell');
  const asked = cells.map(async ({ url }) => (await fetch(`${url}/_holdfast/status`, { headers })).json());
  return ((await Promise.all(asked)) as CellHostStatus[]).map(
    ({ process: { heapBytesMax } }) => heapBytesMax / 2 ** 20,
  );
}

/** Region → the release of the cell's process there. */
async function running(): Promise<Record<string, string | undefined>> {
  const cells = (await platform.view()).processes.filter(({ kind }) => kind === 'cell');
  return Object.fromEntries(cells.map(({ region, release }) => [region, release?.name]));
}

async function release(name: string) {
  const { executor, close } = await openLocalRelease({ control: platform, release: name, machine });
  const limit = { withinMs: executor.callMsMax, signal: new AbortController().signal, token: 1 };
  const take = (step: string) => executor.take({ cell: C01, step }, limit);
  return {
    take,
    undo: () => executor.undo(C01, limit),
    withdraw: () => executor.withdraw(limit),
    settle: () => executor.settle(limit),
    close,
  };
}

async function untilServed(router: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${router}/stock/lamp-0`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'first' },
      body: JSON.stringify({ available: 1, priceCents: 900 }),
    });
    if (answer.ok) return;
    await systemClock.sleep(50);
  }
}

describe('a release on this machine', () => {
  it('runs in processes of bounded memory, so that the gate sees a leak before the machine does', async () => {
    const limits = await heapLimits();
    expect(limits).toHaveLength(2);
    for (const limit of limits) expect(limit).toBeLessThan(600);
  });

  it('comes to a cell and goes again while customers buy, and none of their requests fails', async () => {
    const routers = Object.values((await platform.view()).routers);
    for (const router of routers) await untilServed(router);
    const next = await spoilRelease({ shelf, good: first, with: { kind: 'harmless' } });
    const load = lightLoad({ routers, token, customers: 3 });
    const rollout = await release(next.name);
    const outcomes: unknown[] = [];
    for (const step of RELEASE_STEPS) outcomes.push(await rollout.take(step));
    const after = await running();
    const undone = await rollout.undo();
    const result = await load.stop();
    await rollout.withdraw();
    rollout.close();
    expect(outcomes).toEqual(RELEASE_STEPS.map(() => ({ outcome: 'done', note: expect.any(String) })));
    expect(after).toEqual({ 'us-east-1': next.name, 'us-west-2': next.name });
    expect(undone).toMatchObject({ outcome: 'done' });
    expect(await running()).toEqual({ 'us-east-1': first, 'us-west-2': first });
    expect(result.failures).toEqual([]);
    expect(result.sent).toBeGreaterThan(100);
    expect(result.releases.size).toBe(2);
  }, 240_000);

  it('that fails an answer is found out before a customer meets it', async () => {
    const bad = await spoilRelease({ shelf, good: first, with: { kind: 'throws', onceIn: 20, spares: 'nobody' } });
    const rollout = await release(bad.name);
    expect(await rollout.take('standby')).toMatchObject({ outcome: 'done' });
    expect(await rollout.take('warm-up')).toMatchObject({
      outcome: 'failed',
      note: expect.stringContaining('INTERNAL'),
    });
    expect(await rollout.undo()).toMatchObject({ outcome: 'done' });
    await rollout.withdraw();
    rollout.close();
    expect(await running()).toEqual({ 'us-east-1': first, 'us-west-2': first });
  }, 120_000);
});
