/** Moves a cell during a drill: detection by a client, the coordinator's steps, and the first write that the new owner takes. */
import { type Lab, within } from './lab.ts';
import type { Move, MoveResult } from './ports/failover-port.ts';
import type { Pace } from './workload/prober.ts';

/** The longest lease wait that a topology may ask for, twice. */
const MOVE_MS_MAX = 60_000;
/** An operator whose move was refused, because a store answered too slowly for its evidence say, looks and asks again. */
const REFUSED_TRIES_MAX = 3;
const REFUSED_PAUSE_MS = 500;
/** From the end of the coordinator's work to a write through a router. */
const SERVE_MS_MAX = 15_000;

/** Resolves when clients of the cell have seen enough failures. Call it before the fault, so that none is missed. */
export function whenDetected(lab: Lab, cell: string): Promise<void> {
  const failures = lab.options.detectAfterFailures;
  const what = `${cell}: ${failures} failing probes in a row`;
  const detected = within(
    lab,
    { what, withinMs: lab.options.detectWithinMs },
    lab.load.log.untilFailing(cell, failures),
  ).then(() => lab.mark('detected', `${failures} probes failed in a row`, { cell }));
  // The experiment awaits it later; until then a rejection must not count as unhandled.
  detected.catch(() => undefined);
  return detected;
}

/** Runs the move and waits for the first acknowledged write of the new owner. Throws when there is none. */
export async function moveCell(lab: Lab, move: Move): Promise<MoveResult> {
  const { cell, kind, to } = move;
  const epochBefore = lab.load.log.epochOf(cell) ?? 0;
  const askedAtMs = lab.recorder.nowMs();
  lab.mark('failover', `${kind} to ${to} begins`, { cell });
  const served = lab.load.log.untilEpochAbove(cell, epochBefore).then(() => markServed(lab, cell));
  const result = await carryOutUnlessRefused(lab, move);
  lab.notes.failovers.push({ cell, kind, askedAtMs, endedAtMs: lab.recorder.nowMs(), ...result });
  for (const step of result.steps) {
    const detail = step.detail ? `: ${step.detail}` : '';
    const at = { cell, t: askedAtMs + step.endMs, durationMs: step.endMs - step.startMs };
    lab.mark('failover', `${step.name}${detail}`, at);
  }
  if (result.outcome !== 'done') throw new Error(`The ${kind} of ${cell} was ${result.outcome}.`);
  await within(lab, { what: `${cell}: a write under an epoch above ${epochBefore}`, withinMs: SERVE_MS_MAX }, served);
  return result;
}

async function carryOutUnlessRefused(lab: Lab, move: Move): Promise<MoveResult> {
  for (let attempt = 1; ; attempt++) {
    const result = await carryOut(lab, move);
    if (result.outcome !== 'refused' || attempt >= REFUSED_TRIES_MAX) return result;
    lab.mark('failover', `${move.kind} refused (${JSON.stringify(result.decision)}); asked again`, { cell: move.cell });
    await lab.clock.sleep(REFUSED_PAUSE_MS, lab.signal);
  }
}

async function carryOut(lab: Lab, move: Move): Promise<MoveResult> {
  try {
    return await within(
      lab,
      { what: `The ${move.kind} of ${move.cell}`, withinMs: MOVE_MS_MAX },
      lab.failover.run(move),
    );
  } catch (thrown) {
    // A coordinator that throws has not moved the cell as far as anybody knows; the report says why.
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    return { outcome: 'failed', steps: [], decision: { error: detail } };
  }
}

function markServed(lab: Lab, cell: string): void {
  const owner = lab.load.log.ownerOf(cell);
  const since = lab.notes.faultAtMs === null ? {} : { durationMs: lab.recorder.nowMs() - lab.notes.faultAtMs };
  lab.mark('served', `first write acknowledged by ${owner?.region}, epoch ${owner?.epoch}`, { cell, ...since });
}

/** Before what is measured, so that it begins under fine probes, and after, so that the gap ends under them. */
const CLOSE_UP_MS = 400;

/** Looks closely at these cells while `measured` runs. Fine probes all the time would be the load, and not its measure. */
export async function closeUp(
  lab: Lab,
  cells: readonly string[],
  measured: () => Promise<void>,
  pace: Pace = lab.options.fineProbe,
): Promise<void> {
  lab.load.probeFinely(cells, pace);
  try {
    await lab.clock.sleep(CLOSE_UP_MS, lab.signal);
    await measured();
    await lab.clock.sleep(CLOSE_UP_MS, lab.signal);
  } finally {
    lab.load.probeFinely([]);
  }
}
