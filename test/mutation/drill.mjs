/**
 * `npm run mutate -- --drill`: each drill of the list must pass with the code as it stands, and fail once its guards are taken out,
 * with the evidence that they are missing for. One drill at a time, because two would fight for the machine. A drill that
 * fell short of something else, as on a busy machine, proves nothing either way: the next seed is tried, a few at most.
 */
import { rmSync } from 'node:fs';
import { DrillBench } from './drill-bench.mjs';
import { bundleMutant } from './mutants.mjs';

const SEEDS_MAX = 4;

/** Each result: the mutant, `verdict` (`caught`, `NOT caught`, or `not sound`: it does not pass with all guards) and `detail`. */
export async function tryDrills({ only, onResult }) {
  const { file, url } = await bundleMutant(null, 'drills');
  const bench = new DrillBench();
  const [results, sound] = [[], new Map()];
  try {
    const { DRILL_MUTANTS, GUARDS } = await import(url);
    for (const mutant of DRILL_MUTANTS.filter(({ name }) => name.includes(only))) {
      const key = `${mutant.drill} ${mutant.variant ?? ''}`;
      if (!sound.has(key)) sound.set(key, await trySeeds(bench, mutant, isSound));
      const result = await judge(bench, { mutant, guards: GUARDS, sound: sound.get(key) });
      results.push(result);
      onResult(result);
    }
    return results;
  } finally {
    bench.close();
    rmSync(file, { force: true });
  }
}

async function judge(bench, { mutant, guards, sound }) {
  if (!sound.shown) return { ...mutant, verdict: 'not sound', detail: `with all guards: ${sound.said}` };
  const putBack = bench.takeOut(mutant.without.map((name) => guards.find((guard) => guard.name === name)));
  try {
    const { shown, said } = await trySeeds(bench, mutant, isCaught);
    return { ...mutant, verdict: shown ? 'caught' : 'NOT caught', detail: said };
  } finally {
    putBack();
  }
}

/** Until a seed decides. */
async function trySeeds(bench, mutant, decide) {
  const said = [];
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const report = await bench.run({ ...mutant, seed });
    const evidence = evidenceOf(report).filter((line) => line.startsWith(mutant.evidence));
    const shown = decide(report, evidence);
    said.push(`seed ${seed}, ${report.verdict}: ${evidence[0] ?? report.reasons[0] ?? report.headline}`);
    if (shown !== null) return { shown, said: said.at(-1) };
  }
  return { shown: false, said: said.join('; ') };
}

/** `null`: it does not say; try another seed. */
const isCaught = ({ verdict }, evidence) => (verdict === 'fail' && evidence.length > 0 ? true : null);

/** No other seed takes evidence back. */
const isSound = ({ verdict }, evidence) => {
  if (evidence.length > 0) return false;
  return verdict === 'pass' ? true : null;
};

/** What checkers found, and what steps of failovers saw. */
function evidenceOf({ checkers, failovers }) {
  const found = checkers.flatMap(({ checker, findings, findingsTotal }) => {
    const [first] = findings;
    return first ? [`${checker}: ${first.rule}, ${findingsTotal} in all; ${first.message}`] : [];
  });
  const seen = failovers.flatMap(({ steps }) => steps.map(({ name, detail }) => `${name}: ${detail ?? ''}`));
  return [...found, ...seen];
}
