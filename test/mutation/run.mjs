/**
 * `npm run mutate -- [--seeds N] [--only PART-OF-NAME] [--jobs J] [--table] [--json]`: takes out one guard after the other
 * and lets the kept schedules and the simulation look for a violation, on all cores. Exit 1 when a guard was not missed, or
 * its snippet is not in its file any more (then the list must follow the code); 2 for usage. `--table` writes the result
 * into docs/found-bugs.md. `--drill` does the same with real processes, for the few guards of which a drill is a fair judge.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../simulation/run.mjs';
import { tryDrills } from './drill.mjs';
import { bundleMutant, missingSnippet, TestBench } from './mutants.mjs';

const SEEDS_DEFAULT = 1_500;
/** Of the code as it stands: were it broken, nothing that follows would mean anything. */
const SEEDS_SOUND = 100;
const USAGE = 'npm run mutate -- [--drill] [--seeds N] [--only PART-OF-NAME] [--jobs J] [--table] [--json]';
const DOCUMENT = join(ROOT, 'docs', 'found-bugs.md');
const TABLE_END = '<!-- end -->';

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seeds: { type: 'string', default: String(SEEDS_DEFAULT) },
        only: { type: 'string', default: '' },
        jobs: { type: 'string', default: String(availableParallelism()) },
        drill: { type: 'boolean', default: false },
        table: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const seeds = integer('--seeds', values.seeds);
    const jobs = integer('--jobs', values.jobs);
    if (values.table && values.only !== '') throw new RangeError('--table is for the whole list, without --only.');
    return { ...values, seeds, jobs };
  } catch (error) {
    console.error(`${error.message} Usage: ${USAGE}`);
    process.exit(2);
  }
}

function integer(name, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RangeError(`${name} is "${text}". Allowed: an integer from 1.`);
}

/** One at a time: each is a jest of its own. */
let tests = Promise.resolve(true);
const bench = new TestBench();

async function tryGuard(guard, { index, pool, steps, seeds }) {
  const missing = missingSnippet(guard);
  if (missing !== null) {
    return { ...guard, verdict: 'not found', detail: `not exactly once in ${guard.file}: ${missing}` };
  }
  if (guard.shownBy) {
    tests = tests.then(() => bench.misses(guard));
    return { ...guard, verdict: (await tests) ? 'caught' : 'NOT caught', detail: guard.shownBy };
  }
  const { file, url } = await bundleMutant(guard, `mutant-${index}`);
  try {
    const onReport = ({ failures }) => failures.length === 0;
    const { failures, totals } = await pool.run({ bundle: url, first: 1, seeds, steps, kept: true, onReport });
    const caught = failures[0];
    if (!caught) return { ...guard, verdict: 'NOT caught', detail: `${totals.seeds} seeds` };
    const by = caught.kept ? `kept schedule ${caught.kept}` : `seed ${caught.seed}`;
    return { ...guard, verdict: 'caught', detail: `\`${caught.invariant}\`, ${by}`, message: caught.message };
  } finally {
    rmSync(file, { force: true });
  }
}

async function tryAll({ seeds, only, jobs }, onResult) {
  const { file, url } = await bundleMutant(null, 'unmutated');
  const { GUARDS, Pool, STEPS_DEFAULT: steps } = await import(url);
  const pool = new Pool({ root: ROOT, size: jobs });
  try {
    const sound = await pool.run({ bundle: url, first: 1, seeds: Math.min(seeds, SEEDS_SOUND), steps, kept: true });
    if (sound.failures.length > 0) {
      console.error(
        `Without any mutation the simulation breaks ${sound.failures[0].message}: the rest would mean nothing.`,
      );
      process.exit(1);
    }
    const wanted = GUARDS.filter(({ name }) => name.includes(only));
    const told = (result) => {
      onResult(result);
      return result;
    };
    return await Promise.all(wanted.map((guard, index) => tryGuard(guard, { index, pool, steps, seeds }).then(told)));
  } finally {
    pool.close();
    bench.close();
    rmSync(file, { force: true });
  }
}

/** The document's table is what this printed, with its date and bound. */
function writeTable(command, { head, rows }) {
  const begin = `<!-- begin: npm run mutate -- ${command.replace(/--seeds \d+ /, '')} -->`;
  const printed = `Printed by \`npm run mutate -- ${command}\` on ${new Date().toISOString().slice(0, 10)}.`;
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const table = [begin, printed, '', line(head), line(head.map(() => '---')), ...rows.map(line), TABLE_END].join('\n');
  const text = readFileSync(DOCUMENT, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(TABLE_END, from);
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no place for the table: ${begin} … ${TABLE_END}.`);
  writeFileSync(DOCUMENT, text.slice(0, from) + table + text.slice(to + TABLE_END.length));
}

const unless = (caught, { verdict, detail }) => (verdict === caught ? detail : `**${verdict}** ${detail}`);

const options = readOptions();
const tell = (result) => {
  if (!options.json) console.log(`${result.verdict.padEnd(10)} ${result.name.padEnd(52)} ${result.detail}`);
};
const results = options.drill ? await tryDrills({ only: options.only, onResult: tell }) : await tryAll(options, tell);
if (options.json) console.log(JSON.stringify(results));
const bad = results.filter(({ verdict }) => verdict !== 'caught');
if (!options.json) console.log(`${results.length} guards, ${bad.length} not shown to be needed`);
if (options.table && options.drill) {
  const rows = results.map((result) => [
    ...[result.without.join(' + '), [result.drill, result.variant].filter(Boolean).join(' ')],
    ...[result.breaks, unless('caught', result)],
  ]);
  writeTable('--drill --table', { head: ['without', 'drill', 'what goes wrong', 'what it said'], rows });
} else if (options.table) {
  const rows = results.map((result) => [result.name, result.breaks, unless('caught', result)]);
  writeTable(`--seeds ${options.seeds} --table`, { head: ['guard', 'what goes wrong without it', 'shown by'], rows });
}
process.exitCode = bad.length === 0 && results.length > 0 ? 0 : 1;
