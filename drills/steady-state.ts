/** The steady state: every cell asked about acknowledges nearly all of its probes, and soon. What must hold before, during and after. */
import { type Lab, until } from './lab.ts';
import type { SteadyStateProbe } from './report/drill-report.ts';
import type { CellWindow } from './workload/probe-log.ts';

/** One probe in a hundred may meet a hiccup of a busy machine; one in twenty is no steady state. */
export const ACKNOWLEDGED_SHARE_MIN = 0.95;
/** During a fault the others share the machine with processes that die and start. */
export const ACKNOWLEDGED_SHARE_DURING_MIN = 0.9;
/** Fewer probes than this say nothing. */
const PROBES_MIN = 5;
/** A machine that is so busy that answers take a second gives too few probes to judge by: then a longer window counts. */
const LONG_WINDOWS = 5;
const BEFORE_MS_MAX = 20_000;
/** Beyond `holdMs`, for the same reason. */
const HOLD_MORE_MS_MAX = 15_000;
/** After the heal, processes start and connect again. */
const AFTER_MS_MAX = 30_000;
const POLL_MS = 100;

type Between = { readonly fromMs: number; readonly toMs: number };

export function steadyStateOf(
  lab: Lab,
  options: Between & { cells: readonly string[]; shareMin: number },
): SteadyStateProbe {
  const windows = options.cells.map((cell) => lab.load.log.window(cell, options));
  // A cell of which no probe ended, beside others of which some did, hangs; where none ended at all, it is the drill that stood still.
  const someEnded = windows.some((window) => window.probes > 0);
  const answering = windows.every((window) =>
    window.probes === 0 ? !someEnded : window.acknowledgedShare >= options.shareMin,
  );
  const held = answering && windows.every((window) => window.probes >= PROBES_MIN);
  return { held, ...(answering && !held ? { tooFew: true } : {}), detail: windows.map(described).join('; ') };
}

/** A platform that has just started runs cold code, at several times the cost, for its first seconds under load. */
export function steadyBefore(lab: Lab): Promise<SteadyStateProbe> {
  return untilSteady(lab, { atMostMs: BEFORE_MS_MAX });
}

export function steadyAfter(lab: Lab): Promise<SteadyStateProbe> {
  return untilSteady(lab, { atMostMs: AFTER_MS_MAX });
}

/** Waits for a whole steady window; says what the last one looked like when none comes. */
async function untilSteady(lab: Lab, { atMostMs }: { atMostMs: number }): Promise<SteadyStateProbe> {
  const beganMs = lab.recorder.nowMs();
  await lab.clock.sleep(lab.options.warmUpMs + lab.options.steadyMs);
  for (;;) {
    const toMs = lab.recorder.nowMs();
    const over = (ms: number) =>
      steadyStateOf(lab, { fromMs: toMs - ms, toMs, cells: cellsOf(lab), shareMin: ACKNOWLEDGED_SHARE_MIN });
    const probe = over(lab.options.steadyMs);
    if (probe.held) return probe;
    const longMs = lab.options.steadyMs * LONG_WINDOWS;
    if (toMs - beganMs >= longMs) {
      const long = over(longMs);
      if (long.held) return long;
    }
    if (toMs - beganMs > atMostMs) return probe;
    await lab.clock.sleep(POLL_MS);
  }
}

/** By default the cells that nothing was done to, from the fault to its heal. `null` when there are none. */
export function steadyDuring(lab: Lab): SteadyStateProbe | null {
  const { faultAtMs, healAtMs, cellsHit, during } = lab.notes;
  const bystanders = cellsOf(lab).filter((cell) => !cellsHit.includes(cell));
  const { cells, fromMs } = during ?? { cells: bystanders, fromMs: faultAtMs ?? 0 };
  if (faultAtMs === null || cells.length === 0) return null;
  const toMs = healAtMs ?? lab.recorder.nowMs();
  return steadyStateOf(lab, { cells, fromMs, toMs, shareMin: ACKNOWLEDGED_SHARE_DURING_MIN });
}

/** The fault lasts for `holds` times `holdMs`, and on until those that must be steady meanwhile were seen to be; bounded. */
export async function holdFault(lab: Lab, { holds = 1 }: { readonly holds?: number } = {}): Promise<void> {
  await lab.clock.sleep(holds * lab.options.holdMs, lab.signal);
  await until(lab, { withinMs: HOLD_MORE_MS_MAX }, () => steadyDuring(lab)?.held ?? true);
}

export function cellsOf(lab: Lab): readonly string[] {
  return [...new Set(lab.tenants.map((tenant) => tenant.cell))].sort();
}

function described({ cell, probes, acknowledgedShare, p99Ms }: CellWindow): string {
  return `${cell} acknowledged ${Math.round(acknowledgedShare * 1_000) / 10} % of ${probes} probes, p99 ${Math.round(p99Ms)} ms`;
}
