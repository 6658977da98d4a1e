/**
 * Runs drills on real processes from a copy of the checkout, whose sources may be mutated and which builds its own bundles, so
 * that neither the sources here nor `dist/` know anything of it.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../simulation/run.mjs';
import { mutated } from './mutants.mjs';

/** What the command line and the bundles are made of. */
const BUILT = [
  'core',
  'resilience',
  'cell',
  'control',
  'services',
  'router',
  'local',
  'drills',
  'cli',
  'bench',
  'infra',
  'console',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'platform.config.ts',
];
/** Beyond it a drill hangs; the longest takes about two minutes on two busy cores. */
const DRILL_MS_MAX = 300_000;
/** It ends its own platform when it is told to, and that may take as long. */
const END_MS_MAX = 20_000;

export class DrillBench {
  #copy = mkdtempSync(join(tmpdir(), 'holdfast-drill-mutant-'));

  constructor() {
    for (const name of BUILT) {
      if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(this.#copy, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.#copy, 'node_modules'));
  }

  /** Returns what puts them back. */
  takeOut(guards) {
    const files = new Map();
    for (const guard of guards) files.set(guard.file, [...(files.get(guard.file) ?? []), guard]);
    for (const [file, of] of files) writeFileSync(join(this.#copy, file), mutated(file, of));
    return () => {
      for (const file of files.keys()) cpSync(join(ROOT, file), join(this.#copy, file));
    };
  }

  /** The report as `drill run --json` prints it; throws when it printed none. */
  async run({ drill, variant, seed }) {
    const args = ['cli/holdfast.mjs', 'drill', 'run', drill, '--seed', String(seed), '--json'];
    const { output, errors } = await ended(this.#copy, [...args, ...(variant ? ['--variant', variant] : [])]);
    try {
      return JSON.parse(output);
    } catch {
      throw new Error(`${drill}, seed ${seed}, left no report: ${errors.slice(-400) || 'it said nothing'}`);
    }
  }

  close() {
    rmSync(this.#copy, { recursive: true, force: true });
  }
}

function ended(cwd, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, errors] = [[], []];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => errors.push(chunk));
    const ask = setTimeout(() => child.kill('SIGINT'), DRILL_MS_MAX);
    // The supervisor's children end with it, however it ends.
    const end = setTimeout(() => child.kill('SIGKILL'), DRILL_MS_MAX + END_MS_MAX);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(ask);
      clearTimeout(end);
      resolve({ output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() });
    });
  });
}
