/** The probes of `resolve-engine.ts` on the real machine. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineProbes } from './resolve-engine.ts';

/** A Java that needs longer than this to say its version is not one to start engines with. */
const JAVA_VERSION_MS_MAX = 5_000;

export function machineProbes(rootDir: string): EngineProbes {
  return {
    env: process.env,
    // The second is where npm hoists to when Holdfast is itself a dependency.
    moduleDirs: [join(rootDir, 'node_modules'), join(rootDir, '..')],
    isExecutable,
    exists: existsSync,
    list: (directory) => (existsSync(directory) ? readdirSync(directory) : []),
    javaMajor,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not ours to run: either way no executable.
    return false;
  }
}

function javaMajor(path: string): number | null {
  const result = spawnSync(path, ['-version'], { encoding: 'utf8', timeout: JAVA_VERSION_MS_MAX });
  if (result.status !== 0) return null;
  const match = /version "(?:1\.)?(\d+)/.exec(`${result.stderr}${result.stdout}`);
  return match ? Number(match[1]) : null;
}
