/**
 * A bad release goes through the platform's own rollout, with its own gates, while customers are there. It must stay in the cell of
 * the first wave, be noticed and be taken back by itself; a good one, in the same way, must not cost a single request.
 */
import { deploy, type Running, runningReleases } from '../deployment.ts';
import type { Experiment } from '../experiment.ts';
import { noteJudged } from '../judged.ts';
import type { Lab } from '../lab.ts';
import type { Fault, OfferedRelease } from '../ports/release-port.ts';
import { judgeBadRelease, judgeGoodRelease } from '../release-judge.ts';
import { cellsOf, holdFault } from '../steady-state.ts';
import { type LoggedAnswer, logAnswers, rateOf } from '../workload/answer-log.ts';

const VARIANTS = ['throws', 'leaks', 'starts-slowly', 'harmless'] as const;
type Variant = (typeof VARIANTS)[number];

const MB = 1_048_576;
const FAULTS: Readonly<Record<Variant, Fault>> = {
  // Only customers meet it: one that fails while it is run warm is found before, which is no test of a bake.
  throws: { kind: 'throws', onceIn: 20, spares: 'warm-up' },
  // A process of a third of a gigabyte that leaks a megabyte a request: some 200 requests run it warm, then it lasts for seconds.
  leaks: { kind: 'leaks', bytesPerRequest: MB, bytesMax: 320 * MB },
  // Longer than the supervisor waits for a process to be ready.
  'starts-slowly': { kind: 'starts-slowly', delayMs: 30_000 },
  harmless: { kind: 'harmless' },
};

const PROMISES: Readonly<Record<Variant, string>> = {
  throws:
    'A release that throws for one request in twenty is noticed within 10 s of its first bad answer and undone within 20 s more',
  leaks:
    'A release that leaks until its process dies is noticed, at the latest within 10 s of the first answer that its death costs, and undone within 20 s more',
  'starts-slowly':
    'A release that does not get ready in time is taken back before it meets a customer, and costs nobody a request',
  harmless: 'A good release comes to every cell and costs nobody a request',
};
/** What a bad one does to clients of the first wave. */
const HARM = { throws: 'met', leaks: 'may-be-met', 'starts-slowly': 'unmet' } as const;

/** What a customer waits for: a planned move costs a request the wait until the cell has arrived, and that is no failure. */
const PATIENCE_MS = 5_000;

export const badRelease: Experiment = {
  name: 'bad-release',
  summary:
    'deploys a release that throws, leaks or starts slowly: it reaches one cell and is taken back; a good one costs nothing',
  variants: VARIANTS,
  options: {
    // With the shoppers some 50 requests a second over three cells, which is what the bounds are stated for.
    coarseProbe: { intervalMs: 125, deadlineMs: PATIENCE_MS, openMax: 8 },
    shopperDeadlineMs: PATIENCE_MS,
    // A good release takes three cells half a minute each, and on a busy machine twice that.
    experimentMsMax: 400_000,
  },
  hypothesis: (lab) => {
    const rest =
      variantOf(lab) === 'harmless'
        ? ''
        : ` It never leaves ${firstWaveOf(lab).join(', ')}; nobody outside sees an error, and afterwards every process runs the release before.`;
    return `${PROMISES[variantOf(lab)]}.${rest} Nothing that was acknowledged is lost.`;
  },
  run: async (lab) => {
    const before = await runningReleases(lab);
    const release = await offer(lab, before);
    await rollOut(lab, { before, release, answers: logAnswers(lab.entry) });
  },
};

function offer(lab: Lab, before: readonly Running[]): Promise<OfferedRelease> {
  const names = [...new Set(before.map(({ release }) => release))];
  const [good] = names;
  if (names.length !== 1 || typeof good !== 'string') {
    throw new Error(
      `The processes run different releases (${names.join(', ')}). End the rollout that is under way first.`,
    );
  }
  return lab.releases.spoil({ good, fault: FAULTS[variantOf(lab)] });
}

interface Before {
  readonly before: readonly Running[];
  readonly release: OfferedRelease;
  readonly answers: readonly LoggedAnswer[];
}

async function rollOut(lab: Lab, { before, release, answers }: Before): Promise<void> {
  const { notes, recorder } = lab;
  const firstWave = firstWaveOf(lab);
  const variant = variantOf(lab);
  notes.cellsHit = [...(variant === 'harmless' ? cellsOf(lab) : firstWave)];
  // It moves away and back as its rollout does, which is looked at below.
  notes.newEpochs = [];
  notes.faultAtMs = recorder.nowMs();
  lab.mark('fault', `${release.name} is deployed`);
  const deployment = await deploy(lab, release);
  lab.mark('detected', `the rollout ended ${deployment.state}: ${deployment.detail || 'every gate was open'}`);
  notes.recoveryUntilMs = notes.healAtMs = recorder.nowMs();
  const window = { fromMs: deployment.beganAtMs, toMs: deployment.endedAtMs };
  lab.mark('load', `${rateOf(answers, window).toFixed(1)} requests a second over ${cellsOf(lab).length} cells`);
  // Long enough for an answer of a release that is said to be gone.
  await holdFault(lab);
  const after = await runningReleases(lab);
  const seen = { tag: release.tag, release: release.name, firstWave, answers, deployment, before, after };
  noteJudged(lab, variant === 'harmless' ? judgeGoodRelease(seen) : judgeBadRelease(seen, HARM[variant]));
}

function firstWaveOf(lab: Lab): readonly string[] {
  return lab.sight.topology.waves?.[0] ?? [];
}

function variantOf(lab: Lab): Variant {
  return VARIANTS.find((variant) => variant === lab.options.variant) ?? 'throws';
}
