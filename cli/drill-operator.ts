/**
 * The operator of a drill on this machine: runs the real command line in processes of its own, and writes past it. Invariant: no
 * command outlives the drill, stopped or not.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { shelfKey } from '../cell/documents/shelf-items.ts';
import type { Item } from '../cell/table/table.ts';
import type { EndedCommand, OperatorPort, RawShelf, StartedCommand } from '../drills/ports/operator-port.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { findProject } from '../local/project-root.ts';
import { writeState } from '../local/state-file.ts';
import type { Platform } from '../local/supervisor/start-platform.ts';
import type { Machine } from './failover-operator.ts';
import type { OperatorPorts } from './operator-ports.ts';
import { linkReach } from './operator-reach.ts';
import { reachArbiter } from './reach-arbiter.ts';

const LIMIT_MS = 2_000;
/** Of what one command says; a page of the timeline is the longest. */
const OUTPUT_CHARS_MAX = 4 * 1024 * 1024;

export interface DrillOperator extends OperatorPort {
  close(): void;
}

export interface DrillOperatorOptions {
  readonly view: PlatformView;
  readonly machine: Machine;
  /** Commands run here, and find the platform as a person in this folder would. */
  readonly workDir: string;
}

export function drillOperator({ view, machine, workDir }: DrillOperatorOptions): DrillOperator {
  const children = new Set<ChildProcess>();
  const launcher = join(findProject().rootDir, 'cli', 'holdfast.mjs');
  const withArbiter = async <T>(use: (ports: OperatorPorts) => Promise<T>): Promise<T> => {
    const ports = await reachArbiter(linkReach(view, machine.clock), {
      machine,
      probe: ({ automation }) => automation.document({ withinMs: LIMIT_MS }),
      without: 'Without it nothing can be read or forged there.',
    });
    return use(ports).finally(() => ports.close());
  };
  const bounds = () => ({ deadlineAtMs: machine.clock.monotonicMs() + LIMIT_MS });
  return {
    begin: (args, input) => {
      const child = spawn(process.execPath, [launcher, ...args], { cwd: workDir, stdio: 'pipe' });
      children.add(child);
      child.once('close', () => children.delete(child));
      // It may end before it has read what it was given.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
      return started(child);
    },
    readShelf: (type) =>
      withArbiter(async ({ arbiter }) => {
        const item = await arbiter.get(shelfKey(type), bounds());
        return item === null ? null : withoutKey(item);
      }),
    forgeShelf: (type, shelf) =>
      withArbiter(async ({ arbiter }) => {
        await arbiter.write({ kind: 'put', item: { ...shelf, ...shelfKey(type) } }, bounds());
      }),
    close: () => {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** For a platform that belongs to the drill: a folder in its data from which commands find it. */
export async function operatorFolder({ view, platform }: { view: PlatformView; platform: Platform }): Promise<string> {
  const { dataDir, controlUrl, secret } = platform;
  const { pid, startedAtMs, routers } = view;
  await writeState(dataDir, { pid, startedAtMs, controlUrl, secret, routers, dataDir });
  const folder = join(dataDir, 'operator');
  await mkdir(folder, { recursive: true });
  // The state and the issuer's key are the platform's own.
  await symlink('..', join(folder, '.holdfast'));
  return folder;
}

function started(child: ChildProcess): StartedCommand {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8');
    child[name]?.on('data', (text: string) => {
      if (said[name].length < OUTPUT_CHARS_MAX) said[name] += text;
    });
  }
  const ended = new Promise<EndedCommand>((resolve) => {
    child.once('close', (exitCode) => resolve({ exitCode, ...said }));
    child.once('error', ({ message }) => resolve({ exitCode: null, stdout: said.stdout, stderr: message }));
  });
  return { ended, hold: () => void child.kill('SIGSTOP'), go: () => void child.kill('SIGCONT') };
}

function withoutKey({ pk: _pk, sk: _sk, ...shelf }: Item): RawShelf {
  return shelf;
}
