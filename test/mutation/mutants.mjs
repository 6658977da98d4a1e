/** Bundles the simulation with one guard taken out. The source is changed while it is bundled, so production code knows nothing of it. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleSimulation, ROOT } from '../simulation/run.mjs';

const edits = (guard) => [guard, ...(guard.also ?? [])];

/** The first snippet that is not exactly once in the file; then the list must follow the code. */
export function missingSnippet(guard) {
  const source = readFileSync(join(ROOT, guard.file), 'utf8');
  return edits(guard).find(({ snippet }) => source.split(snippet).length !== 2)?.snippet ?? null;
}

export async function bundleMutant(guard, name) {
  const file = await bundleSimulation({
    entry: 'test/mutation/hunt.ts',
    name,
    plugins: guard ? [mutation(guard)] : [],
    sourcemap: false,
  });
  return { file, url: pathToFileURL(file).href };
}

/** The plugin that takes a guard out, by its name. Throws `RangeError` for a guard that is not in the list, or that only a test shows. */
export async function mutationNamed(name) {
  const { file, url } = await bundleMutant(null, 'guards');
  try {
    const { GUARDS } = await import(url);
    const guard = GUARDS.find((each) => each.name === name);
    if (guard && !guard.shownBy) return mutation(guard);
    const why = guard ? `is shown by ${guard.shownBy}` : 'is not in the list';
    throw new RangeError(`--without: the guard "${name}" ${why}. test/mutation/guards.ts has the list.`);
  } finally {
    rmSync(file, { force: true });
  }
}

/** What the tests of the protocol stand on. */
const TESTED = [
  'core',
  'resilience',
  'cell',
  'control',
  'services',
  'router',
  'local',
  'drills',
  'cli',
  'test',
  'package.json',
  'jest.config.mjs',
  'tsconfig.json',
  'platform.config.ts',
];
const TEST_MS_MAX = 180_000;

/** A copy of the checkout for tests of mutants, one after the other: one place, so that jest transforms each file once. */
export class TestBench {
  #copy = null;

  /** Runs the test that is said to miss the guard without it. `true`: it failed, as it must. */
  async misses(guard) {
    this.#copy ??= copyOfCheckout();
    const copy = this.#copy;
    writeFileSync(join(copy, guard.file), mutated(guard.file, [guard]));
    try {
      return (await failedTests(copy, guard.shownBy)) > 0;
    } finally {
      cpSync(join(ROOT, guard.file), join(copy, guard.file));
    }
  }

  close() {
    if (this.#copy) rmSync(this.#copy, { recursive: true, force: true });
  }
}

function copyOfCheckout() {
  const copy = mkdtempSync(join(tmpdir(), 'holdfast-mutant-'));
  for (const name of TESTED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

async function failedTests(copy, shownBy) {
  const [, test, title] = shownBy.match(/^(\S+) \((.*)\)$/);
  const literally = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const results = join(copy, 'results.json');
  rmSync(results, { force: true });
  const args = ['--experimental-vm-modules', jest, '-c', 'jest.config.mjs', '--json', '--outputFile', results];
  await new Promise((resolve) => {
    const options = { cwd: copy, timeout: TEST_MS_MAX };
    execFile(process.execPath, [...args, '-t', literally, test], options, () => resolve());
  });
  // No results: it hung, or the mutant could not even be loaded, which is no proof that a test misses the guard.
  if (!existsSync(results)) throw new Error(`${shownBy} left no results. Run it by itself.`);
  const { numFailedTests, numRuntimeErrorTestSuites, numPassedTests } = JSON.parse(readFileSync(results, 'utf8'));
  if (numRuntimeErrorTestSuites > 0 || numFailedTests + numPassedTests === 0)
    throw new Error(`${shownBy} could not be loaded or names no test. Run it by itself.`);
  return numFailedTests;
}

function mutation(guard) {
  const path = join(ROOT, guard.file);
  return {
    name: 'mutation',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
        loaded === path ? { contents: mutated(guard.file, [guard]), loader: 'ts' } : undefined,
      );
    },
  };
}

/** The file's text without these guards, all of which are in it. */
export function mutated(file, guards) {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return guards
    .flatMap(edits)
    .reduce((text, { snippet, replacement }) => text.replace(snippet, () => replacement), source);
}
