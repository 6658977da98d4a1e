import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readState, removeState, requireState, writeState } from '../../local/state-file.ts';
import { openDataDir } from '../../local/supervisor/data-dir.ts';
import { identityOf } from '../../local/supervisor/process-identity.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'test-local-data-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A pid that was a process a moment ago. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('a data directory', () => {
  it('is one platform at a time, and free again after release', async () => {
    const opened = await openDataDir({ path: dir, engine: 'dynoxide' });
    await expect(openDataDir({ path: dir, engine: 'dynoxide' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: `The data directory ${dir} is in use by the platform with pid ${process.pid}. End that platform, or name another directory with --data.`,
    });
    await opened.release();
    await (await openDataDir({ path: dir, engine: 'dynoxide' })).release();
  });

  it.each([
    ['of a process that is gone', async () => JSON.stringify({ pid: await deadPid(), startTicks: '1' })],
    ['whose pid was given to another process', async () => JSON.stringify({ pid: process.pid, startTicks: '1' })],
    ['that was torn by a crash', async () => '{"pid":'],
  ])('is recovered from a lock %s', async (_title, content) => {
    writeFileSync(join(dir, 'lock.4'), await content());
    const opened = await openDataDir({ path: dir, engine: 'dynoxide' });
    expect(JSON.parse(readFileSync(join(dir, 'lock.5'), 'utf8'))).toEqual(identityOf(process.pid));
    await opened.release();
  });

  it('is taken by exactly one of many that find the same stale lock', async () => {
    writeFileSync(join(dir, 'lock.1'), JSON.stringify({ pid: await deadPid(), startTicks: '1' }));
    const attempts = Array.from({ length: 8 }, () => openDataDir({ path: dir, engine: 'dynoxide' }));
    const settled = await Promise.allSettled(attempts);
    expect(settled.filter(({ status }) => status === 'fulfilled').length).toBe(1);
  });

  it('is held by one at a time while many take it and give it back', async () => {
    let holders = 0;
    const taker = async () => {
      for (let round = 0; round < 20; round++) {
        const opened = await openDataDir({ path: dir, engine: 'dynoxide' }).catch(() => null);
        if (!opened) continue;
        expect(++holders).toBe(1);
        await new Promise(setImmediate);
        holders--;
        await opened.release();
      }
    };
    await Promise.all(Array.from({ length: 6 }, taker));
  });

  it('refuses an engine that can not read it, and stays free', async () => {
    await (await openDataDir({ path: dir, engine: 'dynoxide' })).release();
    await expect(openDataDir({ path: dir, engine: 'dynamodb-local' })).rejects.toMatchObject({
      message: expect.stringContaining('was written by the engine dynoxide'),
    });
    await (await openDataDir({ path: dir, engine: 'dynoxide' })).release();
  });

  it('is removed at the end when it was temporary, and kept when it was named', async () => {
    const temporary = await openDataDir({ engine: 'dynoxide' });
    await temporary.release();
    expect(existsSync(temporary.path)).toBe(false);
    const named = await openDataDir({ path: join(dir, 'new', 'deep'), engine: 'dynoxide' });
    await named.release();
    expect(existsSync(named.path)).toBe(true);
  });
});

describe('the state file', () => {
  const state = {
    pid: process.pid,
    startedAtMs: 1,
    controlUrl: 'http://127.0.0.1:1',
    secret: 's',
    routers: {},
    dataDir: '/d',
  };

  it('is found while its platform lives', async () => {
    await writeState(dir, state);
    expect(await requireState(dir)).toMatchObject(state);
    await removeState(dir, process.pid);
    expect(await readState(dir)).toBeNull();
  });

  it('of a platform that is gone counts for nothing', async () => {
    await writeState(dir, { ...state, pid: await deadPid() });
    await expect(requireState(dir)).rejects.toMatchObject({
      code: 'PLATFORM_NOT_RUNNING',
      message: expect.stringContaining('npm start'),
    });
  });

  it('is left alone by who did not write it', async () => {
    await writeState(dir, state);
    await removeState(dir, process.pid + 1);
    expect(await readState(dir)).not.toBeNull();
  });

  it('that is torn counts for nothing', async () => {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'state.json'), '{"pid": 1');
    expect(await readState(dir)).toBeNull();
  });
});
