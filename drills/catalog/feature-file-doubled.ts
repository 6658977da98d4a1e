/**
 * A generator writes the feature file of the search, good and bad in turn: with every feature twice, or twice as large as allowed, in
 * one cell first and then everywhere. First by the publishing end, which must refuse what is bad; then past it, straight into the
 * arbiter, where only the consumers' own checks are left. Source: the outage of November 2025, in which such a file took every proxy
 * of a network down, and errors that came and went were taken for an attack.
 */
import { canonicalJson } from '../../core/documents/canonical-json.ts';
import { FEATURES_MAX, type Ranking, rankingDocument } from '../../core/documents/ranking-document.ts';
import { cellId } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import { command, done, saidOf } from '../commands.ts';
import { keepsLastGood, restarted, runsEverywhere, versionsNeverFall } from '../document-evidence.ts';
import { cellProcesses, documentsSeen, seenText, whileSampling } from '../documents-seen.ts';
import type { Experiment } from '../experiment.ts';
import { ForgedShelf } from '../forged-shelf.ts';
import { type Lab, until } from '../lab.ts';
import { hostOf } from '../old-owner.ts';
import { expectSearches, searching } from '../searches.ts';
import { membersOf } from '../workload/product.ts';

const TYPE = rankingDocument.name;
/** Bad, good, bad, good … as the nodes of a generator took turns. */
const ROUNDS = 4;
/** An edition is taken, or refused, two seconds after its write; several times that on a busy machine. */
const TAKEN_MS_MAX = 10_000;
/** In one cell before it is everywhere: two questions for documents. */
const FIRST_CELL_MS = 2_000;

const good = (weight: number): Ranking => ({
  features: [
    { name: 'whole-word', weight },
    { name: 'word-prefix', weight: 1 },
    { name: 'term:drill', weight: 2 },
  ],
});
/** The generator ran over its own output. */
const twice = (weight: number): Ranking => ({ features: [...good(weight).features, ...good(weight).features] });
const doubled = (): Ranking => ({
  features: Array.from({ length: 2 * FEATURES_MAX }, (_, n) => ({
    name: `term:${'x'.repeat(24)}${n}`,
    weight: n % 100,
  })),
});
const BAD = [
  { what: 'every feature twice', body: twice, reason: /more than once/ },
  { what: `${2 * FEATURES_MAX} features`, body: doubled, reason: /200|32768|bytes/ },
] as const;

export const featureFileDoubled: Experiment = {
  name: 'feature-file-doubled',
  summary:
    'a generator publishes good and bad feature files in turn, then past every check: searches go on with the last good one',
  hypothesis: () =>
    'Whatever a generator writes, the publishing end refuses every bad file with the reason. Written past it, a bad file is refused by every process that gets it: it says so, goes on with the last good one, also when it is restarted, and takes the next good one. Searches are answered in every cell all the while, and no process dies.',
  run: async (lab) => {
    const searches = await searching(lab);
    const before = await documentsSeen(lab, TYPE);
    const fromMs = lab.recorder.nowMs();
    try {
      await byThePublishingEnd(lab);
      const samples = await whileSampling(lab, TYPE, () => pastIt(lab));
      lab.notes.expectations.push(versionsNeverFall(TYPE, samples));
      await lookAtTimeline(lab);
      await done(lab, ['document', 'rollback', TYPE, '--to', '0', '--why', 'drill over', '--json']);
      lab.mark('served', 'the publishing end publishes again');
    } finally {
      await searches.stop();
    }
    expectSearches(lab, { searches, window: { fromMs, toMs: lab.recorder.nowMs() } });
    const dead = restarted(before, await documentsSeen(lab, TYPE)).filter((name) => name !== standbyOf(lab).name);
    const otherwise = `Processes died or were restarted: ${dead.join(', ')}.`;
    lab.notes.expectations.push({ held: dead.length === 0, otherwise });
  },
};

async function byThePublishingEnd(lab: Lab): Promise<void> {
  const publish = (body: Ranking, ...flags: string[]) => {
    const args = ['document', 'publish', TYPE, '-', '--why', 'every five minutes', '--bake', '1s', '--json', ...flags];
    return command(lab, args, JSON.stringify(body));
  };
  const first = await publish(good(2));
  if (first.exitCode !== 0) throw new Error(`The good file was not published (${first.exitCode}): ${saidOf(first)}`);
  // Attributes of an item come in any order: compare as canonicalJson does.
  const shelf = canonicalJson(await lab.operator.readShelf(TYPE));
  for (const { what, body, reason } of BAD) {
    for (const flags of [[], ['--force']]) {
      const ended = await publish(body(3), ...flags);
      lab.mark('judge', `${['published', ...flags].join(' ')}, ${what}: exit ${ended.exitCode}: ${saidOf(ended)}`);
      const held = ended.exitCode === 1 && reason.test(saidOf(ended));
      const otherwise = `${what} was not refused with its reason by the publishing end (${ended.exitCode}): ${saidOf(ended)}`;
      lab.notes.expectations.push({ held, otherwise });
    }
  }
  const untouched = canonicalJson(await lab.operator.readShelf(TYPE)) === shelf;
  lab.notes.expectations.push({ held: untouched, otherwise: 'A refused publish changed the shelf.' });
}

async function pastIt(lab: Lab): Promise<void> {
  const { notes, recorder, nemesis } = lab;
  const shelf = await ForgedShelf.open(lab, rankingDocument);
  let version = shelf.before.stable?.version ?? 0;
  notes.faultAtMs = recorder.nowMs();
  let effectiveAtMs: number | null = null;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const lastGood = version;
      const refused = await forgeBad(lab, { shelf, round, version: version + 1, lastGood });
      if (refused) effectiveAtMs ??= recorder.nowMs();
      if (round === ROUNDS - 1) break;
      version += 2;
      await shelf.everywhere(shelf.edition(good(3 + round), version));
      await takenEverywhere(lab, version);
    }
    await restartBesideBad(lab, version);
    version = await replaceBad(lab);
    await takenEverywhere(lab, version);
  } finally {
    notes.healAtMs = recorder.nowMs();
    const evidence = effectiveAtMs === null ? 'no process said that it refused' : 'every process said that it refused';
    const times = { injectedAtMs: notes.faultAtMs, effectiveAtMs, healedAtMs: notes.healAtMs };
    nemesis.tell({ kind: 'forged', targets: [`${ROUNDS} files of ${TYPE}`], ...times, evidence });
  }
  lab.mark('heal', `the last file, ${version}, is good`);
}

/** Whether every process refused it. */
async function forgeBad(
  lab: Lab,
  of: { readonly shelf: ForgedShelf; readonly round: number; readonly version: number; readonly lastGood: number },
): Promise<boolean> {
  const { shelf, round, version, lastGood } = of;
  const { what, body, reason } = BAD[round % BAD.length] ?? BAD[0];
  const edition = shelf.edition(body(3), version);
  const [cell = ''] = lab.activeCells;
  await shelf.stage(edition, [cellId(cell)]);
  lab.mark('fault', `${TYPE}@${version}, ${what}, is written past the publishing end`, { cell });
  await lab.clock.sleep(FIRST_CELL_MS, lab.signal);
  await shelf.everywhere(edition);
  const kept = await until(lab, { withinMs: TAKEN_MS_MAX }, async () =>
    keepsLastGood(await documentsSeen(lab, TYPE), { version: lastGood, refused: reason }),
  );
  const seen = await documentsSeen(lab, TYPE);
  lab.mark('judge', `everywhere: ${seenText(seen)}; refused: ${seen[0]?.refused ?? 'nothing'}`);
  const refusals = seen.map(({ name, refused }) => `${name}: ${refused}`).join('; ');
  const otherwise = `Not every process goes on with ${lastGood} and says that it refused ${version} (${what}): ${seenText(seen)}; ${refusals}.`;
  lab.notes.expectations.push({ held: kept, otherwise });
  return kept;
}

async function takenEverywhere(lab: Lab, version: number): Promise<void> {
  const taken = await until(lab, { withinMs: TAKEN_MS_MAX }, async () =>
    runsEverywhere(await documentsSeen(lab, TYPE), { version, processes: cellProcesses(lab) }),
  );
  const otherwise = `The good file ${version} after a bad one was not taken everywhere: ${seenText(await documentsSeen(lab, TYPE))}.`;
  lab.notes.expectations.push({ held: taken, otherwise });
}

/** Who is restarted while the bad file is in place must not start from it. */
async function restartBesideBad(lab: Lab, lastGood: number): Promise<void> {
  const { name } = standbyOf(lab);
  const restart = await lab.nemesis.inject({ kind: 'crash', processes: [name] });
  await restart.verified;
  await restart.heal();
  const reborn = (await documentsSeen(lab, TYPE)).filter((one) => one.name === name);
  lab.mark('judge', `restarted beside the bad file: ${seenText(reborn)}`);
  const held = reborn.length === 1 && reborn[0]?.version === lastGood;
  lab.notes.expectations.push({
    held,
    otherwise: `Restarted beside the bad file: ${seenText(reborn)}. Wanted: ${lastGood}.`,
  });
}

/** The publishing end can't read what lies there, and must be able to put the last that it can read in its place. */
async function replaceBad(lab: Lab): Promise<number> {
  const published = membersOf(
    await done(lab, ['document', 'rollback', TYPE, '--why', 'drill: the bad file', '--json']),
  );
  lab.mark('judge', `a rollback over the bad file: ${JSON.stringify(published)}`);
  return typeof published.version === 'number' ? published.version : 0;
}

function standbyOf(lab: Lab) {
  return hostOf(lab, { cell: lab.activeCells[0] ?? '', region: lab.peer });
}

async function lookAtTimeline(lab: Lab): Promise<void> {
  const { suspicion } = membersOf(await done(lab, ['timeline', '--minutes', '5', '--json']));
  const { suspects, ill } = membersOf(suspicion ?? null);
  const list = (json: Json | undefined): readonly Json[] => (Array.isArray(json) ? json : []);
  const named = list(suspects).map(
    (suspect) => membersOf(membersOf(membersOf(suspect).change ?? null).scope ?? null).document,
  );
  const alarms = list(ill).length === 0 ? 'no cell is ill, because nothing broke' : `ill: ${list(ill).join(', ')}`;
  lab.mark('judge', `timeline: ${alarms}; suspects: ${named.filter((one) => typeof one === 'string').join(', ')}`);
  const held = named.some((document) => String(document).startsWith(`${TYPE}@`));
  lab.notes.expectations.push({ held, otherwise: `The timeline names no publication of ${TYPE} among its suspects.` });
}
