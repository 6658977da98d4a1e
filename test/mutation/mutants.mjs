/** Bundles the simulation with one guard taken out. The source is changed while it is bundled, so production code knows nothing of it. */
import { readFileSync } from 'node:fs';
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
