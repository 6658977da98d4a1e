/**
 * `npm run mutate -- [--seeds N] [--only PART-OF-NAME] [--json]`: takes out one guard after the other and lets the
 * simulation look for a violation. Exit 1 when a guard that is needed was not missed, or its snippet is not in its file
 * any more (then the list must follow the code); 2 for usage.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleSimulation } from '../simulation/run.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SEEDS_DEFAULT = 3_000;
/** A guard that is said to be redundant is only looked at for surprises. */
const SEEDS_REDUNDANT = 500;

const edits = (guard) => [guard, ...(guard.also ?? [])];

function mutated({ file, ...guard }) {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return edits(guard).reduce((text, { snippet, replacement }) => text.replace(snippet, () => replacement), source);
}

/** Replaces the snippets while the file is loaded. */
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

async function load(name, plugins) {
  const outfile = await bundleSimulation({ entry: 'test/mutation/hunt.ts', name, plugins });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}

async function tryGuard(guard, { index, seeds }) {
  const source = readFileSync(join(ROOT, guard.file), 'utf8');
  const missing = edits(guard).filter(({ snippet }) => source.split(snippet).length !== 2);
  if (missing.length > 0) {
    return { ...guard, verdict: 'not found', detail: `not exactly once in ${guard.file}: ${missing[0].snippet}` };
  }
  const { hunt } = await load(`mutant-${index}`, [mutation(guard)]);
  const caught = await hunt({ first: 1, seeds: guard.redundant ? Math.min(seeds, SEEDS_REDUNDANT) : seeds });
  if (caught) return { ...guard, verdict: 'caught', detail: `seed ${caught.seed}, ${caught.message.slice(0, 110)}` };
  return {
    ...guard,
    verdict: guard.redundant ? 'redundant' : 'NOT caught',
    detail: guard.redundant ?? `${seeds} seeds`,
  };
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { seeds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
    const seeds = Number(values.seeds ?? SEEDS_DEFAULT);
    if (!Number.isInteger(seeds) || seeds < 1)
      throw new RangeError(`--seeds is "${values.seeds}". Allowed: an integer from 1.`);
    return { seeds, only: values.only ?? '', json: values.json };
  } catch (error) {
    console.error(`${error.message} Usage: npm run mutate -- [--seeds N] [--only PART-OF-NAME] [--json]`);
    process.exit(2);
  }
}

const options = readOptions();
mkdirSync(join(ROOT, '.holdfast', 'simulation'), { recursive: true });
const { GUARDS, hunt } = await load('unmutated', []);
const sound = await hunt({ first: 1, seeds: Math.min(options.seeds, 100) });
if (sound) {
  console.error(
    `Without any mutation seed ${sound.seed} breaks ${sound.message}: nothing that follows would mean anything.`,
  );
  process.exit(1);
}
const results = [];
for (const [index, guard] of GUARDS.entries()) {
  if (!guard.name.includes(options.only)) continue;
  const result = await tryGuard(guard, { index, seeds: options.seeds });
  results.push(result);
  if (!options.json) console.log(`${result.verdict.padEnd(10)} ${result.name.padEnd(52)} ${result.detail}`);
}
if (options.json) console.log(JSON.stringify(results));
const bad = results.filter(({ verdict }) => verdict === 'NOT caught' || verdict === 'not found');
if (!options.json) console.log(`${results.length} guards, ${bad.length} not shown to be needed`);
process.exitCode = bad.length === 0 && results.length > 0 ? 0 : 1;
