/** Bundles the simulation with the protocol code as it stands, in one second or less, and runs it. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { transform } from '@swc/core';
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

/**
 * `{ ...a, b }` becomes `Object.assign({}, a, { b })`, the same for plain data, which is all that is spread here. To V8 of
 * Node 20 each property that is added to a spread costs half a microsecond and a second spread five, and a schedule makes
 * thousands: without them the same seeds take a sixth less.
 */
const SPREADS_ASSIGNED = {
  swcrc: false,
  configFile: false,
  module: { type: 'es6' },
  env: { targets: { node: '20' }, include: ['transform-object-rest-spread'] },
  jsc: {
    parser: { syntax: 'ecmascript' },
    assumptions: { setSpreadProperties: true, objectRestNoSymbols: true, pureGetters: true },
  },
};

/** Inside the checkout, so that packages resolve; `plugins` may change sources on the way (the mutations do). */
export async function bundleSimulation({ entry, name, plugins = [], sourcemap = 'inline' }) {
  const folder = join(ROOT, '.holdfast', 'simulation');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `${name}-${process.pid}.mjs`);
  const bundled = await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap,
    logLevel: 'error',
    // Assigned, not defined: what a class that is made for every event has is set in a tenth of the time.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    plugins: [...plugins, packages],
  });
  const options = sourcemap ? { ...SPREADS_ASSIGNED, sourceMaps: 'inline', inputSourceMap: true } : SPREADS_ASSIGNED;
  writeFileSync(outfile, (await transform(bundled.outputFiles[0].text, options)).code);
  return outfile;
}

/** With `--without GUARD` the simulation of a mutant: how a sceptic looks at what `npm run mutate` has found. */
async function plugins(args) {
  const { values } = parseArgs({ args, options: { without: { type: 'string' } }, strict: false });
  if (typeof values.without !== 'string') return [];
  const { mutationNamed } = await import('../mutation/mutants.mjs');
  return [await mutationNamed(values.without)];
}

async function main(args) {
  const outfile = await bundleSimulation({
    entry: 'test/simulation/main.ts',
    name: 'simulate',
    plugins: await plugins(args),
  });
  try {
    const { simulate } = await import(pathToFileURL(outfile).href);
    return await simulate(args, { bundle: pathToFileURL(outfile).href, root: ROOT });
  } finally {
    rmSync(outfile, { force: true });
  }
}

/** Of a name that there is not. */
function usage(error) {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  return 2;
}

// Nothing is awaited here: the list of guards imports this module.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  void main(process.argv.slice(2))
    .catch(usage)
    .then((code) => {
      process.exitCode = code;
    });
}
