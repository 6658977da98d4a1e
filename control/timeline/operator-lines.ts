/**
 * What an operator's commands tell the timeline besides rollouts, failovers and documents: a freeze, the switch of automation, a
 * drill and the faults that it injected. Ids follow from what was written in the arbiter, so a repeat is the same line.
 */
import { EVERYWHERE, type TimelineEntry, type TimelineScope } from '../../core/timeline/timeline.ts';
import type { Topology } from '../../core/topology.ts';
import type { AutomationDocument, AutomationSetting } from '../failover/automation/automation-document.ts';
import type { Mark } from '../rollout/gates/marks.ts';

/** For whoever reads a command's answer; what it says is done all the same. */
export const UNTOLD_TEXT = 'The timeline could not be written: this change has no line there.';

interface Told {
  readonly by: string;
  readonly atMs: number;
}

export function freezeLine(mark: Mark, { by, atMs }: Told): TimelineEntry {
  const { held, version } = mark;
  const until = held === null ? '' : new Date(held.untilMs).toISOString();
  return {
    ...{ id: `freeze ${version}`, story: `freeze ${version}`, kind: 'freeze', phase: 'happens', atMs, by },
    what: held === null ? 'changes are not frozen any more' : `changes are frozen until ${until}`,
    why: held?.why ?? null,
    scope: EVERYWHERE,
  };
}

/** `before`: `null` when nobody could read it and it was written over. The result is `null` when nobody has ever set it. */
export function automationLine(
  before: AutomationSetting | null,
  { version, changes, mode, enabled }: AutomationDocument,
): TimelineEntry | null {
  const change = changes.at(-1);
  if (change === undefined) return null;
  const { by, reason, atMs } = change;
  // Whoever writes over what can't be read counts from 1 again: without the instant that would be the line of the first one.
  const story = `automation ${version} of ${atMs}`;
  return {
    ...{ id: story, story, kind: 'automation', phase: 'happens', atMs, by, why: reason, scope: EVERYWHERE },
    what: `automation: ${before === null ? 'unreadable' : settingWords(before)} → ${settingWords({ mode, enabled })}`,
  };
}

const settingWords = ({ mode, enabled }: AutomationSetting): string => `${mode}, ${enabled ? 'on' : 'off'}`;

/** What a drill says of itself at its end. */
export interface DrillTold {
  readonly verdict: string;
  readonly startedAtMs: number;
  readonly faults: readonly InjectedFault[];
}

export interface InjectedFault {
  readonly kind: string;
  /** Names of processes or links; cells and regions stand in them. */
  readonly targets: readonly string[];
  /** Since the drill started. */
  readonly injectedAtMs: number;
  readonly healedAtMs: number | null;
}

/** As many as a person would read; the report has all. */
const FAULTS_TOLD_MAX = 50;

export function drillLines(
  mark: Mark,
  told: (Told & { readonly topology: Topology }) & { readonly drill: DrillTold | null },
) {
  const { by, atMs, topology, drill } = told;
  const story = `drill ${mark.version}`;
  const what = mark.held?.why ?? 'a drill';
  const common = { story, kind: 'drill' as const, by, why: null, scope: EVERYWHERE };
  const begins: TimelineEntry = {
    ...{ ...common, id: `${story} begins`, phase: 'begins', atMs: mark.held?.sinceMs ?? atMs },
    what: `${what} begins`,
  };
  const ends: TimelineEntry = {
    ...{ ...common, id: `${story} ends`, phase: 'ends', atMs },
    what: `${what} ends: ${drill?.verdict ?? 'it broke off'}`,
  };
  const faults = (drill?.faults ?? []).slice(0, FAULTS_TOLD_MAX);
  const lines = faults.flatMap((fault, index) =>
    faultLines(fault, {
      story: `${story} fault ${index + 1}`,
      startedAtMs: drill?.startedAtMs ?? atMs,
      what,
      by,
      topology,
    }),
  );
  return { begins, ends, faults: lines };
}

interface FaultOf {
  readonly story: string;
  readonly startedAtMs: number;
  /** Of the drill. */
  readonly what: string;
  readonly by: string;
  readonly topology: Topology;
}

function faultLines(fault: InjectedFault, of: FaultOf): readonly TimelineEntry[] {
  const { story, startedAtMs, what, by } = of;
  const targets = fault.targets.join(', ');
  const scope = scopeOf(fault.targets, of.topology);
  const line = (phase: 'begins' | 'ends', ms: number): TimelineEntry => ({
    ...{ id: `${story} ${phase}`, story, kind: 'fault', phase, atMs: Math.round(startedAtMs + ms), by, scope },
    ...{ what: `${fault.kind} of ${targets}${phase === 'ends' ? ', healed' : ''}`, why: what },
  });
  const { injectedAtMs, healedAtMs } = fault;
  return [line('begins', injectedAtMs), ...(healedAtMs === null ? [] : [line('ends', healedAtMs)])];
}

/** Cells and regions that stand in the names of what was hit. */
function scopeOf(targets: readonly string[], { cells, regions }: Topology): TimelineScope {
  const words = new Set(targets.flatMap((target) => target.split(/[^a-z0-9-]+/)));
  return {
    ...EVERYWHERE,
    cells: cells.map(({ id }) => id).filter((id) => words.has(id)),
    regions: regions.filter((region) => words.has(region)),
  };
}
