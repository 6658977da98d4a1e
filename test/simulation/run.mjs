/** Bundles the simulation with the protocol code as it stands, in one second or less, and runs it. */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Packages stay outside; one that nothing here uses is not loaded (the client of the real table takes half a second). */
const packages = {
  name: 'packages',
  setup: (bundling) => {
    bundling.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' ? undefined : { path, external: true, sideEffects: false },
    );
  },
};

/** Inside the checkout, so that packages resolve; `plugins` may change sources on the way (the mutations do). */
export async function bundleSimulation({ entry, name, plugins = [], sourcemap = 'inline' }) {
  const folder = join(ROOT, '.holdfast', 'simulation');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap,
    logLevel: 'error',
    plugins: [...plugins, packages],
  });
  return outfile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outfile = await bundleSimulation({ entry: 'test/simulation/main.ts', name: 'simulate' });
  try {
    const { simulate } = await import(pathToFileURL(outfile).href);
    process.exitCode = await simulate(process.argv.slice(2), { bundle: pathToFileURL(outfile).href, root: ROOT });
  } finally {
    rmSync(outfile, { force: true });
  }
}
