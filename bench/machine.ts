/** Where and on what a measurement was made: without it a figure means nothing. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  /** When the bench began: above a fraction of the cores, others were at work too. */
  readonly loadAverage1m: number;
}

export function thisMachine(): Machine {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryMb: Math.round(totalmem() / 1024 / 1024),
    kernel: release(),
    loadAverage1m: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

export interface Source {
  readonly commit: string;
  /** Files differ from the commit. Earlier results don't count: every bench changes them. */
  readonly modified: boolean;
}

export function sourceOf(rootDir: string): Source {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: rootDir, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changes = git('status', '--porcelain', '--', '.', ':!bench/results');
    return { commit: git('rev-parse', 'HEAD'), modified: changes !== '' };
  } catch {
    // An archive without history, or no git: the version stands in the result anyway.
    return { commit: 'unknown', modified: true };
  }
}
