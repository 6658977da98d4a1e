/**
 * What a rollout of a release must have been for those who were there: pure, from what clients were answered, what processes ran and
 * what the rollout says came of it. Invariant: an answer of the release outside its first wave is a failure whatever else happened;
 * a missed time is excused only by what cells that nobody touched show of the machine at that moment.
 */
import type { Deployment, Running } from './deployment.ts';
import { doubting, expecting, type Judged, merged, NOTHING, telling, timely, unharmed } from './judged.ts';
import { errorsText, type LoggedAnswer } from './workload/answer-log.ts';

/** From its first bad answer, at some 50 requests a second over all cells. */
export const NOTICED_MS_MAX = 10_000;
/** From there to the end of the rollout, with the release before in every process. */
export const UNDONE_MS_MAX = 20_000;

export interface ReleaseSeen {
  /** `x-release` of the release that was deployed. */
  readonly tag: string;
  readonly release: string;
  readonly firstWave: readonly string[];
  /** From before the rollout began to after its end. */
  readonly answers: readonly LoggedAnswer[];
  readonly deployment: Deployment;
  /** What each process ran before, and runs now. */
  readonly before: readonly Running[];
  readonly after: readonly Running[];
}

/** `harm`: clients must have met it for the drill to have tested anything, they may have, or nobody may. */
export function judgeBadRelease(seen: ReleaseSeen, harm: 'met' | 'may-be-met' | 'unmet'): Judged {
  const { deployment } = seen;
  const { state, detail } = deployment;
  const bad = badAnswers(seen);
  const isReached = (cell: string) => harm !== 'unmet' && seen.firstWave.includes(cell);
  const outside = seen.answers.filter(({ error, cell }) => error !== null && !isReached(cell));
  return merged(
    expecting({ held: state === 'rolled-back', otherwise: `The rollout ended ${state ?? 'nowhere'}: ${detail}.` }),
    keptToFirstWave(seen),
    unharmed(seen.answers, { errors: outside, touched: seen.firstWave, isOwn: ({ release }) => release === seen.tag }),
    gone(seen),
    noticed(seen, bad),
    undone(seen),
    harm === 'met' && bad.length === 0
      ? doubting(`No client met a bad answer of ${seen.release}: nothing was tested (${detail}).`)
      : NOTHING,
    harm === 'unmet' && bad.length > 0
      ? expecting({ held: false, otherwise: `${seen.release} failed customers: ${errorsText(bad)}.` })
      : NOTHING,
  );
}

/** Every process runs it at the end, and no request failed on the way. */
export function judgeGoodRelease(seen: ReleaseSeen): Judged {
  const { deployment, release, tag } = seen;
  const others = seen.after.filter((one) => one.release !== release || !one.ready);
  const cells = [...new Set(seen.after.map(({ cell }) => cell))];
  const mute = cells.filter((cell) => !seen.answers.some((one) => one.cell === cell && one.release === tag));
  const failed = seen.answers.filter(({ error }) => error !== null);
  return merged(
    expecting(
      {
        held: deployment.state === 'done',
        otherwise: `The rollout of a good release ended ${deployment.state ?? 'nowhere'}: ${deployment.detail}.`,
      },
      { held: others.length === 0, otherwise: `Not every process runs ${release}: ${runningText(others)}.` },
      { held: mute.length === 0, otherwise: `${release} answered nobody in ${mute.join(', ')}.` },
    ),
    // Of the others at most one is being changed at a time, and all must tell.
    unharmed(seen.answers, { errors: failed, touched: [] }),
    telling({ what: `${failed.length} of ${seen.answers.length} requests failed`, durationMs: tookMs(deployment) }),
  );
}

const tookMs = ({ beganAtMs, endedAtMs }: Deployment) => endedAtMs - beganAtMs;

/** What clients of the first wave met once the release answered them. What failed before, the release before failed. */
function badAnswers({ answers, tag, firstWave }: ReleaseSeen): readonly LoggedAnswer[] {
  const here = answers.filter(({ cell }) => firstWave.includes(cell));
  const servedAtMs = Math.min(...here.filter(({ release }) => release === tag).map(({ invokedAtMs }) => invokedAtMs));
  return here.filter(({ error, completedAtMs }) => error !== null && completedAtMs >= servedAtMs);
}

function keptToFirstWave({ answers, tag, release, firstWave, deployment }: ReleaseSeen): Judged {
  const strays = answers.filter((one) => one.release === tag && !firstWave.includes(one.cell));
  const reached = deployment.reached.filter((process) => !firstWave.includes(process.split('@')[0] ?? ''));
  return expecting(
    {
      held: strays.length === 0,
      otherwise: `${release} answered ${strays.length} requests of ${[...new Set(strays.map(({ cell }) => cell))].join(', ')}, beyond the first wave.`,
    },
    { held: reached.length === 0, otherwise: `${release} came to ${reached.join(', ')}, beyond the first wave.` },
    { held: deployment.reached.length > 0, otherwise: `${release} was never seen in any process.` },
  );
}

/** As before: in every process, and in what clients are answered. */
function gone({ before, after, answers, tag, release, deployment }: ReleaseSeen): Judged {
  const changed = before.filter(({ process, release: was }) => {
    const now = after.find((one) => one.process === process);
    return now?.release !== was || !now.ready;
  });
  const late = answers.filter((one) => one.release === tag && one.invokedAtMs > deployment.endedAtMs);
  const now = after.filter(({ process }) => changed.some((one) => one.process === process));
  return expecting(
    { held: changed.length === 0, otherwise: `Not every process runs what it ran before: ${runningText(now)}.` },
    { held: late.length === 0, otherwise: `${release} answered ${late.length} requests after it was taken back.` },
  );
}

function noticed(seen: ReleaseSeen, bad: readonly LoggedAnswer[]): Judged {
  const { noticedAtMs, beganAtMs } = seen.deployment;
  if (noticedAtMs === null) return NOTHING; // The state says so already.
  const firstBadAtMs = Math.min(...bad.map(({ completedAtMs }) => completedAtMs));
  if (!(firstBadAtMs < noticedAtMs)) {
    const what = 'noticed before a client met a bad answer, since the rollout began';
    return telling({ what, atMs: noticedAtMs, durationMs: noticedAtMs - beganAtMs });
  }
  const what = 'noticed, since the first bad answer';
  const moment = { touched: seen.firstWave, fromMs: firstBadAtMs, toMs: noticedAtMs };
  return timely(seen.answers, { ...moment, what, boundMs: NOTICED_MS_MAX });
}

function undone(seen: ReleaseSeen): Judged {
  const { noticedAtMs, endedAtMs, state } = seen.deployment;
  if (noticedAtMs === null || state !== 'rolled-back') return NOTHING; // The state says so already.
  const moment = { touched: seen.firstWave, fromMs: noticedAtMs, toMs: endedAtMs };
  return timely(seen.answers, { ...moment, what: 'undone, since it was noticed', boundMs: UNDONE_MS_MAX });
}

function runningText(running: readonly Running[]): string {
  return running
    .map(({ process, release, ready }) => `${process} runs ${release ?? '?'}${ready ? '' : ' (not ready)'}`)
    .join(', ');
}
