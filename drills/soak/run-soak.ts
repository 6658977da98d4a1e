/**
 * A soak: random rounds on one platform until the time is over. Each round is an epoch of history of its own, drained and
 * judged by all checkers before the next begins, so that neither memory nor a failure's distance grows with the minutes.
 * A round that fails ends the soak: what follows on a broken platform says nothing.
 */
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { type Verdict, worstOf } from '../checkers/verdict.ts';
import type { DrillReport } from '../report/drill-report.ts';
import { type DrillRequest, runExperiment } from '../runner.ts';
import type { SceneOutcome } from './scene.ts';
import { drawRound } from './schedule.ts';
import { roundExperiment } from './soak-round.ts';

/** Below this share of scenes that were seen to bite, too little was tried to call it a pass. */
export const EFFECTIVE_SHARE_MIN = 0.7;
/** Ten a minute is more than any platform plays. */
const ROUNDS_MAX = 10_000;

export interface SoakRequest extends Omit<DrillRequest, 'name' | 'options'> {
  readonly clock: Clock;
  /** A round that has begun is played to its end. */
  readonly minutes: number;
  /** Only this one, to play a failure again; `null`: from the first on. */
  readonly onlyRound: number | null;
  readonly options?: DrillRequest['options'];
}

export interface SoakRoundReport {
  readonly round: number;
  readonly verdict: Verdict;
  readonly headline: string;
  readonly reasons: readonly string[];
  readonly acknowledged: number;
  readonly scenes: readonly SceneOutcome[];
  readonly dir: string;
  readonly replay: string;
}

export interface SoakReport {
  readonly seed: number;
  readonly verdict: Verdict;
  /** Why the verdict is not pass. */
  readonly reasons: readonly string[];
  readonly durationMs: number;
  readonly rounds: readonly SoakRoundReport[];
  /** By kind: how often it was played, and how often it was seen to bite. */
  readonly scenes: readonly { readonly kind: string; readonly played: number; readonly effective: number }[];
}

export async function runSoak(request: SoakRequest): Promise<SoakReport> {
  const { clock, seed, minutes, onlyRound } = request;
  const beganMs = clock.monotonicMs();
  const rounds: SoakRoundReport[] = [];
  for (let round = onlyRound ?? 1; round <= ROUNDS_MAX; round++) {
    rounds.push(await playRound(request, round));
    const over = clock.monotonicMs() - beganMs >= minutes * 60_000;
    if (onlyRound !== null || over || rounds.at(-1)?.verdict === 'fail') break;
  }
  return { seed, ...judgeSoak(rounds), durationMs: Math.round(clock.monotonicMs() - beganMs), rounds };
}

async function playRound(request: SoakRequest, round: number): Promise<SoakRoundReport> {
  const { seed, onProgress } = request;
  const drawn = drawRound({ seed, round, stage: await request.platform.view() });
  const { experiment, outcomes } = roundExperiment(drawn);
  const dir = join(request.reportDir, `round-${String(round).padStart(3, '0')}`);
  const replay = `node cli/holdfast.mjs drill soak --seed ${seed} --round ${round}`;
  const report = await runExperiment(experiment, {
    ...request,
    name: experiment.name,
    reportDir: dir,
    replay,
    onProgress: (text) => onProgress(`round ${round}: ${text}`),
  });
  onProgress(`round ${round}: ${report.verdict}`);
  return { ...partOf(report), round, scenes: outcomes, dir, replay };
}

function partOf({ verdict, headline, reasons, acknowledged }: DrillReport) {
  return { verdict, headline, reasons, acknowledged };
}

/** Fails with any round; is unknown with any round, without one, or when too few scenes were seen to bite. */
export function judgeSoak(rounds: readonly SoakRoundReport[]): Pick<SoakReport, 'verdict' | 'reasons' | 'scenes'> {
  const scenes = rounds.flatMap((round) => round.scenes);
  const effective = scenes.filter((scene) => scene.effective).length;
  const tried = scenes.length > 0 && effective / scenes.length >= EFFECTIVE_SHARE_MIN;
  const verdicts = rounds.map(({ verdict }) => verdict);
  return {
    verdict: worstOf([...verdicts, ...(tried ? [] : (['unknown'] as const))]),
    reasons: [
      ...rounds
        .filter(({ verdict }) => verdict !== 'pass')
        .map((round) => `Round ${round.round}: ${round.reasons.join(' ')}`),
      ...(tried ? [] : [`Of ${scenes.length} scenes only ${effective} were seen to have an effect.`]),
    ],
    scenes: [...new Set(scenes.map(({ kind }) => kind))].sort().map((kind) => {
      const played = scenes.filter((scene) => scene.kind === kind);
      return { kind, played: played.length, effective: played.filter((scene) => scene.effective).length };
    }),
  };
}
