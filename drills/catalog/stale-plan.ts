/**
 * An enactor of a staged change is stopped in the middle of its waves, as by a long pause of its machine, while others carry its
 * change to an end and publish something newer. Then it goes on, believing that nothing happened: it must be refused by what it
 * writes to, not by its own good sense. Source: the DNS outage of October 2025, in which a delayed enactor put an old plan over a newer one.
 */
import { canonicalJson } from '../../core/documents/canonical-json.ts';
import type { Json } from '../../core/json.ts';
import { command, done, saidOf } from '../commands.ts';
import { versionsNeverFall } from '../document-evidence.ts';
import { type DocumentSeen, documentsSeen, seenText, whileSampling } from '../documents-seen.ts';
import type { Experiment } from '../experiment.ts';
import { type Lab, until, within } from '../lab.ts';
import type { StartedCommand } from '../ports/operator-port.ts';
import { membersOf } from '../workload/product.ts';

const VARIANTS = ['resumed', 'aborted'] as const;
const TYPE = 'ranking';
/** Long enough to be stopped in; a wave of the topology each. */
const BAKE = '5s';
/** Of that, where it is stopped: the seed chooses. */
const STOP_STEPS = { count: 4, eachMs: 1_000 };
/** A command starts, asks every gate and hands out, on a machine that has other things to do. */
const FIRST_WAVE_MS_MAX = 45_000;
/** An orchestrator that lives moves its record every second. */
const STILL_MS = 2_500;
/** A minute, compressed: several times what others wait before they go on in its place. */
const HELD_MS_MIN = 15_000;
const END_MS_MAX = 30_000;
/** After it has ended nobody may find anything of it, three questions for documents later. */
const AFTER_MS = 3_000;

export const stalePlan: Experiment = {
  name: 'stale-plan',
  summary: 'stops a publisher in the middle of its waves; others finish and publish something newer; then it goes on',
  variants: VARIANTS,
  hypothesis: (lab) =>
    `When a publisher is stopped in the middle of its waves, another operator can have its change ${lab.options.variant}, and publish something newer. When it goes on, it changes nothing, says why and exits with an error: no process ever runs an older version than before, the shelf stays as it is, and no client notices any of it.`,
  run: async (lab) => {
    const before = await stableOf(lab);
    const samples = await whileSampling(lab, TYPE, () => overtaken(lab));
    lab.mark('judge', `${samples.length} looks at what every process runs`);
    lab.notes.expectations.push(versionsNeverFall(TYPE, samples));
    await done(lab, ['document', 'rollback', TYPE, '--to', String(before), '--why', 'drill over', '--json']);
  },
};

async function overtaken(lab: Lab): Promise<void> {
  const { notes, recorder, clock, nemesis } = lab;
  const known = newest(await documentsSeen(lab, TYPE));
  const slow = publish(lab, { why: 'drill: the old plan', weight: 2.5, bake: BAKE });
  await untilFirstWave(lab, { slow, above: known });
  await clock.sleep((lab.seed % STOP_STEPS.count) * STOP_STEPS.eachMs, lab.signal);
  slow.hold();
  notes.faultAtMs = recorder.nowMs();
  lab.mark('fault', `the publisher is stopped: ${seenText(await documentsSeen(lab, TYPE))}`);
  const isHeld = await standsStill(lab);
  try {
    await othersFinish(lab);
    await clock.sleep(Math.max(0, notes.faultAtMs + HELD_MS_MIN - recorder.nowMs()), lab.signal);
    await goesOn(lab, slow);
  } finally {
    // Also when the drill is broken off: it ends by itself then, or is killed with the drill.
    slow.go();
    const [injectedAtMs, healedAtMs] = [notes.faultAtMs, recorder.nowMs()];
    const evidence = isHeld ? `its record stood still for ${STILL_MS} ms` : 'its record went on moving';
    const effectiveAtMs = isHeld ? injectedAtMs : null;
    nemesis.tell({ kind: 'stop', targets: ['the publisher'], injectedAtMs, effectiveAtMs, healedAtMs, evidence });
  }
}

function publish(
  lab: Lab,
  how: { readonly why: string; readonly weight: number; readonly bake: string },
): StartedCommand {
  const features = [
    { name: 'whole-word', weight: how.weight },
    { name: 'word-prefix', weight: 1 },
  ];
  const args = ['document', 'publish', TYPE, '-', '--why', how.why, '--bake', how.bake, '--json'];
  return lab.operator.begin(args, JSON.stringify({ features }));
}

/** Throws when it ended before: then it was not in the middle of anything. */
async function untilFirstWave(lab: Lab, { slow, above }: { slow: StartedCommand; above: number }): Promise<void> {
  const early = slow.ended.then((ended) => {
    throw new Error(`The publisher ended with ${ended.exitCode} before it was stopped: ${saidOf(ended)}`);
  });
  // It is raced below; later it ends in its own time.
  early.catch(() => undefined);
  const handedOut = until(
    lab,
    { withinMs: FIRST_WAVE_MS_MAX },
    async () => newest(await documentsSeen(lab, TYPE)) > above,
  );
  if (await Promise.race([handedOut, early])) return;
  throw new Error(`No process ran the new ${TYPE} within ${FIRST_WAVE_MS_MAX} ms.`);
}

/** What shows that it is stopped: nobody moves its record any more. */
async function standsStill(lab: Lab): Promise<boolean> {
  const first = await rollout(lab);
  await lab.clock.sleep(STILL_MS, lab.signal);
  const second = await rollout(lab);
  lab.mark('judge', `${String(first.what)} is ${String(first.state)} at ${JSON.stringify(first.position ?? null)}`);
  return first.state === 'running' && first.recordVersion === second.recordVersion;
}

async function othersFinish(lab: Lab): Promise<void> {
  const isResumed = lab.options.variant === 'resumed';
  const args = isResumed
    ? ['deploy', 'resume', '--json']
    : ['deploy', 'abort', '--why', 'drill: its publisher is gone', '--json'];
  const ended = await command(lab, args);
  lab.mark('heal', `another operator has it ${lab.options.variant}: exit ${ended.exitCode}`);
  if (ended.exitCode !== 0) lab.notes.inconclusive.push(`The other operator could not finish: ${saidOf(ended)}`);
  const what = 'The newer publish';
  const newer = publish(lab, { why: 'drill: the new plan', weight: 3.5, bake: '1s' });
  const published = await within(lab, { what, withinMs: FIRST_WAVE_MS_MAX * 2 }, newer.ended);
  lab.mark(
    'heal',
    `something newer is published: exit ${published.exitCode}: ${seenText(await documentsSeen(lab, TYPE))}`,
  );
  if (published.exitCode !== 0) lab.notes.inconclusive.push(`Nothing newer was published: ${saidOf(published)}`);
}

async function goesOn(lab: Lab, slow: StartedCommand): Promise<void> {
  const { notes, recorder } = lab;
  const before = await standing(lab);
  notes.healAtMs = recorder.nowMs();
  lab.mark('heal', 'the old publisher goes on', { durationMs: notes.healAtMs - (notes.faultAtMs ?? 0) });
  slow.go();
  const ended = await within(lab, { what: 'The end of the old publisher', withinMs: END_MS_MAX }, slow.ended);
  const said = saidOf(ended);
  lab.mark('judge', `the old publisher ended with ${ended.exitCode}: ${said}`);
  await lab.clock.sleep(AFTER_MS, lab.signal);
  const after = await standing(lab);
  notes.expectations.push(
    { held: ended.exitCode === 1, otherwise: `The old publisher ended with ${ended.exitCode} instead of 1: ${said}` },
    {
      held: /another orchestrator/i.test(said),
      otherwise: `The old publisher does not say that another went on: ${said}`,
    },
    { held: after === before, otherwise: `It changed something. Before it went on: ${before}. After it: ${after}` },
  );
}

/** Shelf, record and what every process runs, as text that can be compared. */
async function standing(lab: Lab): Promise<string> {
  const [shelf, record, seen] = [
    await lab.operator.readShelf(TYPE),
    await rollout(lab),
    await documentsSeen(lab, TYPE),
  ];
  const { number, what, state, recordVersion } = record;
  const runs = seen.map(({ name, version }) => `${name} ${version}`).sort();
  // Attributes of an item come in any order.
  return canonicalJson({ shelf, rollout: { number, what, state, recordVersion }, runs });
}

/** The newest one. */
async function rollout(lab: Lab): Promise<Readonly<Record<string, Json>>> {
  const { rollouts } = membersOf(await done(lab, ['deploy', 'status', '--json']));
  return membersOf(Array.isArray(rollouts) ? (rollouts[0] ?? null) : null);
}

async function stableOf(lab: Lab): Promise<number> {
  const { stable } = membersOf(await done(lab, ['document', 'history', TYPE, '--json']));
  return typeof stable === 'number' ? stable : 0;
}

function newest(seen: readonly DocumentSeen[]): number {
  return Math.max(0, ...seen.map(({ version }) => version ?? 0));
}
