/**
 * Lets the platform decide by itself while an experiment runs, and reads afterwards what it decided. Invariant: the mode is put
 * back to what it was, whatever happened, because the platform may be somebody's (`--attach`).
 */
import type { Lab } from './lab.ts';
import type { AutomaticMove } from './ports/automation-port.ts';

const ASK_EVERY_MS = 500;

export async function inAutomaticMode(lab: Lab, work: () => Promise<void>): Promise<void> {
  await requireFreeHand(lab);
  const before = await lab.automation.mode();
  await lab.automation.setMode({ mode: 'automatic', enabled: true }, `drill, seed ${lab.seed}`);
  lab.mark('load', `automation: ${before.enabled ? before.mode : 'off'} → automatic`);
  try {
    await work();
  } finally {
    await lab.automation.setMode(before, `drill over, seed ${lab.seed}`);
  }
}

/** With its limits spent on moves from before, automation would do nothing, and the drill show nothing: neither a pass nor a fail. */
async function requireFreeHand(lab: Lab): Promise<void> {
  const { windowMs, cooldownMs } = lab.sight.topology.automation;
  const boundMs = Math.max(windowMs, cooldownMs);
  const last = (await lab.automation.moves()).filter(({ agoMs }) => agoMs < boundMs).at(-1);
  if (!last) return;
  const ago = Math.round(last.agoMs / 1_000);
  throw new Error(
    `Automation moved ${last.cell} ${ago} s ago, and its limits count moves of the last ${boundMs / 1_000} s: it might move nothing more. Run the drill on a platform of its own (without --attach), or later.`,
  );
}

/** What automation has decided since the drill began. */
export async function movesOf(lab: Lab): Promise<readonly AutomaticMove[]> {
  const beganMs = lab.recorder.nowMs();
  return (await lab.automation.moves()).filter((move) => move.agoMs < beganMs);
}

/** When no move is under way any more, at most `withinMs` later. */
export async function settledMoves(lab: Lab, { withinMs }: { withinMs: number }): Promise<readonly AutomaticMove[]> {
  const untilMs = lab.recorder.nowMs() + withinMs;
  for (;;) {
    const moves = await movesOf(lab);
    if (moves.every((move) => move.outcome !== 'running') || lab.recorder.nowMs() > untilMs) return moves;
    await lab.clock.sleep(ASK_EVERY_MS, lab.signal);
  }
}

/** Puts the moves into the report as it would those that the drill asked for; detection is told apart. */
export function noteMoves(lab: Lab, moves: readonly AutomaticMove[]): void {
  for (const { cell, to, agoMs, outcome, steps, record } of moves) {
    const nowMs = lab.recorder.nowMs();
    const askedAtMs = nowMs - agoMs;
    const sinceMs = lab.notes.faultAtMs === null ? {} : { durationMs: askedAtMs - lab.notes.faultAtMs };
    lab.mark('detected', 'automation decided, since the fault', { cell, t: askedAtMs, ...sinceMs });
    if (outcome === 'called-off') {
      lab.mark('failover', 'automation called its move off at the last moment', { cell, t: askedAtMs });
      continue;
    }
    for (const { name, startMs, endMs, detail } of steps) {
      const at = { cell, t: askedAtMs + endMs, durationMs: endMs - startMs };
      lab.mark('failover', detail ? `${name}: ${detail}` : name, at);
    }
    const endedAtMs = askedAtMs + (steps.at(-1)?.endMs ?? agoMs);
    const ended = outcome === 'done' ? 'done' : 'failed';
    lab.notes.failovers.push({ cell, kind: 'failover', askedAtMs, endedAtMs, outcome: ended, steps, decision: record });
    lab.mark('failover', `automation: failover to ${to} ${outcome}`, { cell, t: endedAtMs });
  }
}

/** The promises of the guard rails, as what may be seen from outside. */
export function expectGuarded(lab: Lab, moves: readonly AutomaticMove[]): void {
  const { cellsMovedMax, windowMs } = lab.sight.topology.automation;
  const names = moves.map(({ cell, from, to }) => `${cell} ${from} → ${to}`).join(', ');
  const expect = (held: boolean, what: string) =>
    lab.notes.expectations.push({ held, otherwise: `${what} Moved: ${names}.` });
  const times = moves.map(({ agoMs }) => agoMs);
  const crowded = times.some(
    (at) => times.filter((other) => other >= at && other < at + windowMs).length > cellsMovedMax,
  );
  expect(!crowded, `More than ${cellsMovedMax} cells were moved within ${windowMs} ms.`);
  expect(new Set(moves.map(({ cell }) => cell)).size === moves.length, 'A cell was moved more than once.');
  expect(new Set(moves.map(({ to }) => to)).size <= 1, 'Cells were moved in both directions.');
}
