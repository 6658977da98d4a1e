/**
 * The abort condition: a drill that hurts cells it was not meant to hurt, or that does not end, is broken off and healed. On
 * a platform that others use (`--attach`) this is what bounds the damage.
 */
import { takeoverWaitMs } from '../core/lease.ts';
import type { Lab } from './lab.ts';
import { cellsOf } from './steady-state.ts';

/**
 * A bystander's cell that acknowledges nothing for a lease and this long. The lease is expected: a cell whose *standby* was
 * in the hurt region refuses what must be in both until its peer counts as gone.
 */
export const BYSTANDER_AWAY_MS_MAX = 5_000;
const POLL_MS = 250;

/** What stands in the report, before anything was broken on purpose. */
export function abortConditionOf(lab: Pick<Lab, 'sight' | 'options'>): string {
  return `A cell that is not meant to be hit acknowledges nothing for ${awayMsMaxOf(lab)} ms, or the experiment takes longer than ${lab.options.experimentMsMax} ms.`;
}

function awayMsMaxOf({ sight }: Pick<Lab, 'sight'>): number {
  return Math.ceil(BYSTANDER_AWAY_MS_MAX + takeoverWaitMs(sight.topology.lease.ttlMs));
}

/** Until `done`: aborts when the condition is met. Resolves when `done` does. */
export async function watchForAbort(
  lab: Lab,
  options: { abort: (reason: Error) => void; done: () => boolean },
): Promise<void> {
  const beganMs = lab.recorder.nowMs();
  while (!options.done() && !lab.signal.aborted) {
    const reason = reasonToAbort(lab, beganMs);
    if (reason !== null) options.abort(new Error(reason));
    await lab.clock.sleep(POLL_MS);
  }
}

function reasonToAbort(lab: Lab, beganMs: number): string | null {
  const nowMs = lab.recorder.nowMs();
  const { experimentMsMax } = lab.options;
  if (nowMs - beganMs > experimentMsMax) return `Aborted: the experiment took longer than ${experimentMsMax} ms.`;
  const awayMsMax = awayMsMaxOf(lab);
  const fromMs = nowMs - awayMsMax;
  if (fromMs < beganMs || lab.notes.faultAtMs === null) return null;
  const bystanders = cellsOf(lab).filter((cell) => !lab.notes.cellsHit.includes(cell));
  const away = bystanders.find((cell) => lab.load.log.window(cell, { fromMs, toMs: nowMs }).acknowledgedShare === 0);
  return away === undefined
    ? null
    : `Aborted: ${away}, which the drill was not meant to touch, acknowledged nothing for ${awayMsMax} ms.`;
}
