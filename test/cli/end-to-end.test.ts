import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const LAUNCHER = fileURLToPath(new URL('../../cli/holdfast.mjs', import.meta.url));
/** Generous: other suites run on the same machine. */
const READY_MS_MAX = 50_000;
const FAILOVER_TRIES_MAX = 5;

const cwd = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function holdfast(...args: readonly string[]): Promise<Ended> {
  return ended(spawn(process.execPath, [LAUNCHER, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] }));
}

function ended(child: ChildProcess): Promise<Ended> {
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, ...text })));
}

const json = ({ stdout }: Ended) => JSON.parse(stdout);

/** What the command answered, if it was done; else an error with all that it said. */
async function done(...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>> {
  const run = await holdfast(...args, '--json');
  if (run.exitCode === 0) return json(run);
  throw new Error(`holdfast ${args.join(' ')} exited ${run.exitCode}: ${run.stdout}${run.stderr}`);
}

/** Refused, or given up before anything moved: right where a busy machine makes a store look away. Ask again, a few times. */
async function doneInTheEnd(...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>> {
  for (let tries = 1; tries < FAILOVER_TRIES_MAX; tries++) {
    try {
      return await done(...args);
    } catch (thrown) {
      if (!/FAILOVER_REFUSED|"state":"aborted"/.test(String(thrown))) throw thrown;
    }
  }
  return done(...args);
}

describe('holdfast without a platform', () => {
  it('says in one sentence that none is running, and exits 1', async () => {
    const run = await holdfast('status');
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toMatch(/^holdfast: No platform is running here .*npm start.*\n$/);
  });

  it('issues a token that a shell can take, the same tenant in its claims', async () => {
    const { stdout, exitCode } = await holdfast('token', 'acme');
    const [, payload = ''] = stdout.trim().split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ tenant: 'acme' });
    expect(exitCode).toBe(0);
  });

  it('exits 2 for a mistake', async () => {
    expect(await holdfast('statsu')).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('holdfast with a platform', () => {
  let platform: ChildProcess;
  let closed: Promise<unknown>;
  let ready: { routers: Record<string, string> };

  beforeAll(async () => {
    const args = [LAUNCHER, 'start', '--json', '--cells', '2'];
    platform = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    closed = new Promise((resolve) => platform.on('close', resolve));
    ready = await readyLine(platform);
  }, READY_MS_MAX);

  afterAll(() => {
    platform.kill('SIGKILL');
  });

  it('is seen by status: every cell active at home, every router with a map', async () => {
    const status = await done('status');
    expect(status.cells).toMatchObject([
      { cell: 'c01', active: 'us-east-1', regions: [{ role: 'active' }, { role: 'standby' }] },
      { cell: 'c02', active: 'us-west-2' },
    ]);
    expect(status.routers.map((router: { map: unknown }) => router.map !== null)).toEqual([true, true]);
    expect(status.down).toEqual([]);
  });

  it('has owners who say what waits in quarantine, and what was settled', async () => {
    const empty = ['c01', 'c02'].map((cell) => ({ cell, rows: [], next: null, unread: [] }));
    expect(await done('quarantine', 'list')).toEqual({ cells: empty });
    expect(await done('quarantine', 'settled')).toEqual({ cells: empty });
    expect((await holdfast('quarantine', 'show', 'stock/acme/mug@1.1')).exitCode).toBe(2);
  });

  it('serves a request of a tenant with a token of the command line, in the cell that route explain names', async () => {
    const token = (await holdfast('token', 'acme')).stdout.trim();
    const explained = await done('route', 'explain', 'acme');
    const answer = await fetch(`${Object.values(ready.routers)[0]}/carts/mine`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(explained.agree).toBe(true);
    expect(answer.headers.get('x-cell')).toBe(explained.routers[0].explanation.cell);
  });

  it('refuses to start a second one in the same folder', async () => {
    const run = await holdfast('start', '--json');
    expect(run.exitCode).toBe(2);
    expect(json(run).error.message).toContain('already running');
  });

  it('moves a cell and brings it back, each with a new epoch and a record', async () => {
    const there = await doneInTheEnd('failover', 'run', 'c01', '--reason', 'test');
    expect(there.record).toMatchObject({ state: 'done', decision: { reason: 'test' } });
    const back = await doneInTheEnd('failover', 'back', 'c01');
    expect(back.record.newEpoch).toBeGreaterThan(there.record.newEpoch);
  });

  it('ends when it is told to, and leaves nothing to attach to', async () => {
    platform.kill('SIGINT');
    await closed;
    expect(await holdfast('status')).toMatchObject({ exitCode: 1 });
  });
});

function readyLine(child: ChildProcess): Promise<{ routers: Record<string, string> }> {
  let [out, err] = ['', ''];
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (!out.includes('\n')) return;
      const line = JSON.parse(out);
      if (line.event === 'ready') resolve(line);
      else reject(new Error(`start did not get ready: ${out}${err}`));
    });
    child.on('close', (code) => reject(new Error(`start ended with ${code}: ${out}${err}`)));
  });
}
