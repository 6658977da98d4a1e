/**
 * The data directory of a running platform. Invariant: one platform at a time. A lock names a process by pid and start
 * time, so that a directory whose owner was killed can be opened again, and one whose owner lives cannot.
 *
 * Obstacle: between finding a stale lock and replacing it, another start may have replaced it already. Rule: locks are
 * numbered, `lock.1`, `lock.2` …; the highest number counts. Who takes the directory links the next number, complete with
 * its content, which fails if somebody else did; a release leaves the number behind, owned by nobody, so that none comes twice.
 */
import { randomUUID } from 'node:crypto';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { invalid } from '../../core/errors.ts';
import { identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';

const LOCK = /^lock\.(\d{1,9})$/;
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
  const lock = await takeLock(path);
  try {
    await checkFormat(path, options.engine);
  } catch (thrown) {
    await releaseLock(lock);
    throw thrown;
  }
  return {
    path,
    release: async () => {
      if (temporary) await rm(path, { recursive: true, force: true, maxRetries: 3 });
      else await releaseLock(lock);
    },
  };
}

/** Returns the path of the lock. */
async function takeLock(dir: string): Promise<string> {
  for (let attempt = 0; attempt < LOCK_ATTEMPTS_MAX; attempt++) {
    const [newest = 0, ...older] = await lockNumbers(dir);
    const owner = newest === 0 ? null : await readOwner(lockPath(dir, newest));
    if (owner && isAlive(owner)) throw inUse(dir, owner);
    const path = lockPath(dir, newest + 1);
    if (!(await putWhole(path, { owner: identityOf(process.pid), exclusively: true }))) continue;
    // The number was free because a later owner had cleared it away: then that one has the directory.
    const [highest] = await lockNumbers(dir);
    if (highest === newest + 1) {
      await Promise.all([newest, ...older].map((number) => rm(lockPath(dir, number), { force: true })));
      return path;
    }
    await rm(path, { force: true });
  }
  throw invalid(`The locks in ${dir} keep changing hands. Wait until the other starts have ended, then try again.`);
}

const releaseLock = (path: string) => putWhole(path, { owner: null, exclusively: false });

const lockPath = (dir: string, number: number) => join(dir, `lock.${number}`);

/** Highest first. */
async function lockNumbers(dir: string): Promise<readonly number[]> {
  const numbers = (await readdir(dir)).map((name) => Number(LOCK.exec(name)?.[1] ?? 0));
  return numbers.filter((number) => number > 0).sort((a, b) => b - a);
}

/** Never seen half written. `false`: it exists, and `exclusively` was asked for. */
async function putWhole(
  path: string,
  { owner, exclusively }: { owner: ProcessIdentity | null; exclusively: boolean },
): Promise<boolean> {
  const whole = `${path}.${randomUUID()}`;
  await writeFile(whole, JSON.stringify(owner), { mode: 0o600 });
  try {
    if (exclusively) await link(whole, path);
    else await rename(whole, path);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  } finally {
    await rm(whole, { force: true });
  }
}

async function readOwner(path: string): Promise<ProcessIdentity | null> {
  try {
    const given = JSON.parse(await readFile(path, 'utf8')) as Partial<ProcessIdentity> | null;
    return typeof given?.pid === 'number' ? { pid: given.pid, startTicks: given.startTicks ?? null } : null;
  } catch {
    // Gone, or damaged: nobody's.
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
    const [newest = 0] = await lockNumbers(dir).catch(() => []); // Somebody else's, or gone.
    const owner = await readOwner(lockPath(dir, newest));
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
