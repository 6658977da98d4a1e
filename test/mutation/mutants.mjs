/** Bundles the simulation with one guard taken out. The source is changed while it is bundled, so production code knows nothing of it. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** What the tests of the protocol stand on. */
const TESTED = [
  'core',
  'resilience',
  'cell',
  'control',
  'services',
  'router',
  'test',
  'package.json',
  'jest.config.mjs',
];
const TEST_MS_MAX = 180_000;

/** Runs the test that is said to miss the guard in a copy of the checkout without it. `true`: it failed, as it must. */
export async function testMisses(guard) {
  const copy = mkdtempSync(join(tmpdir(), 'holdfast-mutant-'));
  try {
    for (const name of TESTED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    for (const name of ['tsconfig.json', 'platform.config.ts']) cpSync(join(ROOT, name), join(copy, name));
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, guard.file), mutated(guard));
    const [, test, title] = guard.shownBy.match(/^(\S+) \((.*)\)$/);
    const literally = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const results = join(copy, 'results.json');
    const args = ['--experimental-vm-modules', jest, '-c', 'jest.config.mjs', '--json', '--outputFile', results];
    await new Promise((resolve) => {
      const options = { cwd: copy, timeout: TEST_MS_MAX };
      execFile(process.execPath, [...args, '-t', literally, test], options, () => resolve());
    });
    return JSON.parse(readFileSync(results, 'utf8')).numFailedTests > 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function mutation(guard) {
  const path = join(ROOT, guard.file);
  return {
    name: 'mutation',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path: loaded }) =>
        loaded === path ? { contents: mutated(guard), loader: 'ts' } : undefined,
      );
    },
  };
}

function mutated(guard) {
  const source = readFileSync(join(ROOT, guard.file), 'utf8');
  return edits(guard).reduce((text, { snippet, replacement }) => text.replace(snippet, () => replacement), source);
}
