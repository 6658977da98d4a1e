/** No child outlives the supervisor, however it ends. Real processes; stand-ins for the hosts. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { readState } from '../../local/state-file.ts';
import { identityOf, isAlive, type ProcessIdentity } from '../../local/supervisor/process-identity.ts';
import { bundle } from './bundle.ts';
import { standIns } from './stand-ins.ts';
import { forkSupervisor, untilReady } from './supervisor-fork.ts';

interface Started {
  readonly supervisor: ChildProcess;
  readonly dataDir: string;
  readonly children: readonly (ProcessIdentity & { readonly name: string })[];
}

let script = '';
let stateDir = '';
const supervisors: ChildProcess[] = [];

beforeAll(async () => {
  script = await bundle('test/local/supervisor-process.ts', 'supervisor');
  stateDir = mkdtempSync(join(tmpdir(), 'test-local-state-'));
});
afterEach(() => {
  for (const supervisor of supervisors.splice(0)) supervisor.kill('SIGKILL');
});
afterAll(() => {
  rmSync(script, { force: true });
  rmSync(stateDir, { recursive: true, force: true });
});

async function start(options: Record<string, unknown> = {}): Promise<Started> {
  const supervisor = forkSupervisor(script, { scripts: standIns(), stateDir, ...options });
  supervisors.push(supervisor);
  const { dataDir, processes } = await untilReady(supervisor);
  const children = processes.map(({ name, pid }) => ({ name, ...identityOf(pid) }));
  expect(children.length).toBe(10);
  return { supervisor, dataDir, children };
}

/** Bounded by the test's own time-out. */
async function untilGone(children: Started['children']): Promise<void> {
  while (children.some((child) => isAlive(child))) await systemClock.sleep(10);
}

describe('when the supervisor ends', () => {
  it('by kill -9, its children end, engines and stopped ones too', async () => {
    const { supervisor, children, dataDir } = await start();
    const stopped = children.filter(({ name }) => name === 'arbiter' || name === 'c01@us-east-1');
    for (const { pid } of stopped) process.kill(pid, 'SIGSTOP');
    supervisor.kill('SIGKILL');
    await untilGone(children);
    // The next start clears up what this one could not.
    expect(existsSync(dataDir)).toBe(true);
    expect(await readState(stateDir)).toBeNull();
    const next = await start();
    expect(existsSync(dataDir)).toBe(false);
    next.supervisor.kill('SIGTERM');
    await untilGone(next.children);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'by %s, it ends its children, removes what was temporary, and exits with %d',
    async (signal, exitCode) => {
      const { supervisor, children, dataDir } = await start();
      supervisor.kill(signal);
      const [code] = await once(supervisor, 'exit');
      expect(code).toBe(exitCode);
      expect(children.filter((child) => isAlive(child))).toEqual([]);
      expect(existsSync(dataDir)).toBe(false);
      expect(await readState(stateDir)).toBeNull();
    },
  );
});

describe('when the supervisor is told to end while it starts', () => {
  it('it leaves nothing running, and its directory free', async () => {
    const supervisor = forkSupervisor(script, { scripts: standIns(), stateDir, dataDir: join(stateDir, 'early') });
    supervisors.push(supervisor);
    // The lock is the first thing that it makes.
    while (!existsSync(join(stateDir, 'early', 'lock.1'))) await systemClock.sleep(1);
    supervisor.kill('SIGTERM');
    const [code] = await once(supervisor, 'exit');
    expect(code).toBe(143);
    expect(readFileSync(join(stateDir, 'early', 'lock.1'), 'utf8')).toBe('null');
    expect(await readState(stateDir)).toBeNull();
  });
});

describe('a kept data directory', () => {
  it('can be opened again after kill -9 of its platform', async () => {
    const dataDir = join(stateDir, 'data');
    const first = await start({ dataDir });
    first.supervisor.kill('SIGKILL');
    await untilGone(first.children);
    const second = await start({ dataDir });
    expect(second.dataDir).toBe(dataDir);
    second.supervisor.kill('SIGTERM');
    await untilGone(second.children);
  });
});
