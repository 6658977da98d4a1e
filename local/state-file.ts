/**
 * `state.json`: how another process finds the running platform. Written when the platform is ready, removed when it ends,
 * and only by the platform that wrote it; readable by its owner alone, because the control API's secret is in it.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '../core/errors.ts';
import { identityOf, isAlive } from './supervisor/process-identity.ts';

export interface PlatformState {
  readonly pid: number;
  readonly startTicks: string | null;
  readonly startedAtMs: number;
  readonly controlUrl: string;
  readonly secret: string;
  readonly routers: Readonly<Record<string, string>>;
  readonly dataDir: string;
}

const FILE_NAME = 'state.json';

export async function writeState(stateDir: string, state: Omit<PlatformState, 'startTicks'>): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  const path = join(stateDir, FILE_NAME);
  const staged = `${path}.${process.pid}`;
  const { startTicks } = identityOf(state.pid);
  await writeFile(staged, `${JSON.stringify({ ...state, startTicks }, null, 2)}\n`, { mode: 0o600 });
  await rename(staged, path);
}

/** The state of the platform that runs now; `null` when there is none, or only the file of one that is gone. */
export async function readState(stateDir: string): Promise<PlatformState | null> {
  let text: string;
  try {
    text = await readFile(join(stateDir, FILE_NAME), 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  const state = parseState(text);
  return state && isAlive(state) ? state : null;
}

/** As `readState`, but throws `PLATFORM_NOT_RUNNING`. */
export async function requireState(stateDir: string): Promise<PlatformState> {
  const state = await readState(stateDir);
  if (state) return state;
  throw new PlatformError({
    code: 'PLATFORM_NOT_RUNNING',
    kind: 'caller',
    effect: 'none',
    message: `No platform is running here (looked in ${join(stateDir, FILE_NAME)}). Start one with "npm start", in this folder.`,
  });
}

export async function removeState(stateDir: string, pid: number): Promise<void> {
  const state = await readState(stateDir);
  if (state?.pid === pid) await rm(join(stateDir, FILE_NAME), { force: true });
}

function parseState(text: string): PlatformState | null {
  try {
    const given = JSON.parse(text) as Partial<PlatformState>;
    const complete =
      typeof given.pid === 'number' && typeof given.controlUrl === 'string' && typeof given.secret === 'string';
    return complete ? ({ startTicks: null, ...given } as PlatformState) : null;
  } catch {
    // Not ours, or torn: as good as none.
    return null;
  }
}
