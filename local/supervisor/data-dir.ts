/**
 * The data directory of a running platform. Invariant: one platform at a time. The lock names a process by pid and start
 * time, so that a directory whose owner was killed can be opened again, and one whose owner lives cannot.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { invalid } from '../../core/errors.ts';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';

const LOCK = 'lock';
const FORMAT = 'format.json';
const TEMP_PREFIX = 'holdfast-';
/** Leftovers of platforms that were killed, removed at a start; the rest waits for the next. */
const LEFTOVERS_MAX = 20;
/** Two starts that find the same stale lock settle it in one round; more means that somebody keeps taking it. */
const LOCK_ATTEMPTS_MAX = 5;

export interface DataDir {
  readonly path: string;
  /** Gives the directory back; a temporary one is removed. */
  release(): Promise<void>;
}

/** `path` is kept; without it a temporary directory is made. Throws `INVALID_INPUT` when another platform has it. */
export async function openDataDir(options: { readonly path?: string; readonly engine: string }): Promise<DataDir> {
  const temporary = options.path === undefined;
  if (temporary) await removeLeftovers();
  const path = options.path === undefined ? await mkdtemp(join(tmpdir(), TEMP_PREFIX)) : resolve(options.path);
  await mkdir(path, { recursive: true });
  await takeLock(path);
  try {
    await checkFormat(path, options.engine);
  } catch (thrown) {
    await rm(join(path, LOCK), { force: true });
    throw thrown;
  }
  return {
    path,
    release: async () => {
      if (temporary) await rm(path, { recursive: true, force: true, maxRetries: 3 });
      else await rm(join(path, LOCK), { force: true });
    },
  };
}

async function takeLock(dir: string): Promise<void> {
  const path = join(dir, LOCK);
  for (let attempt = 0; attempt < LOCK_ATTEMPTS_MAX; attempt++) {
    try {
      await writeFile(path, JSON.stringify(identityOf(process.pid)), { flag: 'wx', mode: 0o600 });
      return;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    }
    const owner = await readOwner(path);
    if (owner && isAlive(owner)) throw inUse(dir, owner);
    await setAside(path, owner);
  }
  throw invalid(`The lock ${path} keeps changing hands. Wait until the other starts have ended, then try again.`);
}

/** Moves a stale lock away; puts it back if it turns out to be one that was taken just now. */
async function setAside(path: string, stale: ProcessIdentity | null): Promise<void> {
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (thrown) {
    // Another start was quicker; the next round sees its lock.
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw thrown;
  }
  const moved = await readOwner(aside);
  if (moved && moved.pid !== stale?.pid && isAlive(moved)) await rename(aside, path);
  else await rm(aside, { force: true });
}

async function readOwner(path: string): Promise<ProcessIdentity | null> {
  try {
    const given = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessIdentity>;
    return typeof given.pid === 'number' ? { pid: given.pid, startTicks: given.startTicks ?? null } : null;
  } catch {
    // Gone, or torn by a crash while it was written: nobody's.
    return null;
  }
}

/** The two engines can't read each other's files. */
async function checkFormat(dir: string, engine: string): Promise<void> {
  const path = join(dir, FORMAT);
  try {
    await writeFile(path, JSON.stringify({ format: 1, engine }), { flag: 'wx' });
    return;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
  const seen: unknown = JSON.parse(await readFile(path, 'utf8'));
  const made = typeof seen === 'object' && seen !== null && 'engine' in seen ? seen.engine : null;
  if (made === engine) return;
  throw invalid(
    `The data in ${dir} was written by the engine ${String(made)}; this start would use ${engine}. Use --engine ${String(made)}, or another --data directory.`,
  );
}

async function removeLeftovers(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(TEMP_PREFIX));
  for (const name of names.slice(0, LEFTOVERS_MAX)) {
    const dir = join(tmpdir(), name);
    const owner = await readOwner(join(dir, LOCK));
    // Without a readable lock it may be one that is being made, or somebody else's: not ours to remove.
    if (owner && !isAlive(owner)) await rm(dir, { recursive: true, force: true });
  }
}

function inUse(dir: string, owner: ProcessIdentity) {
  return invalid(
    `The data directory ${dir} is in use by the platform with pid ${owner.pid}. End that platform, or name another directory with --data.`,
    { dir, pid: owner.pid },
  );
}
