/**
 * One drill from beginning to end: load, steady state, experiment under the abort condition, heal, steady state, end state.
 * Invariants: whatever happens in between, every fault is healed and the history is closed; and what could not be done is
 * noted as such, never as passed.
 */
import { readFile } from 'node:fs/promises';
import { watchForAbort } from './abort-watch.ts';
import { DRAIN_MS_MAX, type ReadEndState, readEndState } from './end-state/read-end-state.ts';
import type { Experiment } from './experiment.ts';
import { type HistorySeal, readHistory } from './history/read-history.ts';
import type { Lab } from './lab.ts';
import type { SteadyStateProbe } from './report/drill-report.ts';
import { steadyAfter, steadyBefore, steadyDuring } from './steady-state.ts';

export interface Conducted {
  readonly steadyState: Readonly<Record<'before' | 'during' | 'after', SteadyStateProbe | null>>;
  readonly endState: ReadEndState | null;
  readonly seal: HistorySeal;
}

interface DrillControl {
  readonly historyPath: string;
  readonly abort: (reason: Error) => void;
  readonly onProgress: (text: string) => void;
}

export async function conduct(experiment: Experiment, lab: Lab, control: DrillControl): Promise<Conducted> {
  lab.mark('load', `load begins: ${lab.tenants.length} tenants, seed ${lab.seed}`);
  lab.load.start();
  const steadyState: { -readonly [Key in keyof Conducted['steadyState']]: SteadyStateProbe | null } = {
    before: null,
    during: null,
    after: null,
  };
  try {
    steadyState.before = await steadyBefore(lab);
    lab.mark(
      'steady-state',
      steadyState.before.held ? 'steady state before: held' : 'no steady state: nothing is broken on purpose',
    );
    if (steadyState.before.held) {
      await runGuarded(experiment, lab, control);
      steadyState.during = steadyDuring(lab);
      steadyState.after = await steadyAfter(lab);
      lab.mark('steady-state', `steady state after: ${steadyState.after.held ? 'held' : 'did not hold'}`);
    }
  } finally {
    await healed(lab);
    await lab.load.stop();
  }
  lab.mark('load', 'load ends');
  const seal = await lab.recorder.close();
  return { steadyState, endState: await readBack(lab, { ...control, seal }), seal };
}

async function runGuarded(experiment: Experiment, lab: Lab, control: DrillControl): Promise<void> {
  let over = false;
  const watch = watchForAbort(lab, { abort: control.abort, done: () => over });
  try {
    await experiment.run(lab);
  } catch (thrown) {
    noteBroken(lab, thrown);
  } finally {
    over = true;
    await watch;
    await healed(lab);
  }
}

/** After the fault took effect, a drill that can't go on has found that the platform did not recover as promised. */
function noteBroken(lab: Lab, thrown: unknown): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const bitten = lab.nemesis.records.some((fault) => fault.effectiveAtMs !== null);
  if (lab.signal.aborted || !bitten) lab.notes.inconclusive.push(message);
  else lab.notes.expectations.push({ held: false, otherwise: message });
}

/** A fault that can't be healed leaves a broken platform behind: the report has to say so, and go on. */
async function healed(lab: Lab): Promise<void> {
  try {
    await lab.nemesis.healAll();
  } catch (thrown) {
    lab.notes.inconclusive.push(`Not healed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

async function readBack(lab: Lab, of: DrillControl & { seal: HistorySeal }): Promise<ReadEndState | null> {
  const read = readHistory(await readFile(of.historyPath, 'utf8'), of.seal);
  if (!read.ok) return null;
  const { platform, entry, http, clock, tenants, load, notes } = lab;
  try {
    const ownerOf = (cell: string) => load.log.ownerOf(cell);
    const onProgress = of.onProgress;
    const state = await readEndState({
      platform,
      entry,
      http,
      clock,
      tenants,
      ownerOf,
      onProgress,
      history: read.history,
    });
    const { drainedAfterMs, repeats } = state;
    if (drainedAfterMs !== null)
      lab.mark('judge', 'replication has drained on both sides', { durationMs: drainedAfterMs });
    if (repeats.asked > 0)
      lab.mark('judge', `${repeats.asked} checkouts of unknown outcome repeated under their own keys`);
    const otherwise = `Replication did not drain within ${DRAIN_MS_MAX} ms after the heal.`;
    notes.expectations.push({ held: drainedAfterMs !== null, otherwise });
    return state;
  } catch (thrown) {
    notes.inconclusive.push(
      `The end state could not be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    );
    return null;
  }
}
