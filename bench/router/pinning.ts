/**
 * Keeps the proxies on one core and their load (generator and backend) on the others, so that a proxy has one whole core and
 * nobody wanders. Without it the scheduler decides, round by round, how many requests a proxy finds waiting when it wakes,
 * and with that what each costs.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Pinning {
  /** For the record. */
  readonly note: string;
  toProxyCore(pid: number): void;
  toLoadCores(pid: number): void;
  /** A command as it is started on the cores of the load. */
  onLoadCores(command: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] };
}

export function pinning(): Pinning {
  const [proxyCore, ...loadCores] = allowedCores();
  const taskset = spawnSync('taskset', ['--version']);
  if (proxyCore === undefined || loadCores.length === 0 || taskset.error) {
    const why = taskset.error ? 'no taskset on PATH' : 'a single core';
    return {
      note: `not pinned: ${why}`,
      toProxyCore: () => undefined,
      toLoadCores: () => undefined,
      onLoadCores: (command, args) => ({ command, args }),
    };
  }
  const load = loadCores.join(',');
  return {
    note: `proxies on core ${proxyCore}; load generator and backend on ${load}`,
    toProxyCore: (pid) => pin(pid, String(proxyCore)),
    toLoadCores: (pid) => pin(pid, load),
    onLoadCores: (command, args) => ({ command: 'taskset', args: ['-c', load, command, ...args] }),
  };
}

/** `0-1,4` → 0, 1, 4. Pure. */
export function parseCoreList(list: string): readonly number[] {
  return list
    .split(',')
    .filter((part) => /^\d+(-\d+)?$/.test(part))
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

function allowedCores(): readonly number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  return parseCoreList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '');
}

/** All threads that there are; those that come later inherit it. */
function pin(pid: number, cores: string): void {
  spawnSync('taskset', ['-a', '-c', '-p', cores, String(pid)]);
}
