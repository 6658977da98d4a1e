/**
 * Who may have done it: the changes before something went wrong, ranked. Four things are weighed (`suspect-factors.ts`): how long
 * before, how well what it reached and what is ill overlap by cell and region, whether those that have it are ill and those that
 * do not have it are well, and whether what is ill ran the release or edition that it brings. It ranks and explains; it convicts nobody and starts nothing.
 * Source: what incident write-ups ask first ("what changed, where, just before?"), and the outage of November 2025, in which
 * good and bad versions of one file took turns and errors that came and went were taken for an attack.
 */
import type { CellId } from '../ids.ts';
import { mixtureFactor, placeFactor, type Reach, reachOf, timeFactor, versionFactor } from './suspect-factors.ts';
import type { TimelineEntry } from './timeline.ts';

export interface Suspect {
  /** Its first line. */
  readonly change: TimelineEntry;
  /** 0–1; comparable within one answer only. */
  readonly score: number;
  readonly because: readonly string[];
}

export interface Suspicion {
  /** When it went wrong: the first alarm in the window, or the instant that was asked about. */
  readonly onsetMs: number;
  /** Ill cells; empty: no alarm says. */
  readonly ill: readonly CellId[];
  readonly suspects: readonly Suspect[];
  /** Errors that come and go while a rollout is half done. */
  readonly oscillation: string | null;
}

/** Wall clocks of two machines differ by less than this where anybody looks after them; ordering within it is not believed. */
const CLOCKS_DIFFER_MS = 2_000;
/** Comings and goings of alarms that are no single fault any more. */
const SWINGS_MIN = 3;
const SUSPECTS_MAX = 10;

/** Alarms are what is explained; faults and drills explain as well as changes do. */
const CHANGES: ReadonlySet<string> = new Set([
  'document',
  'release',
  'mode',
  'failover',
  'automation',
  'drill',
  'fault',
  'recovery',
]);

/** `entries`: all lines of the window, in any order. `aroundMs`: the instant asked about; `null`: the newest alarm's story. */
export function suspicionOf(
  entries: readonly TimelineEntry[],
  { aroundMs, cells }: { readonly aroundMs: number; readonly cells: readonly CellId[] },
): Suspicion {
  const alarms = entries.filter(({ kind }) => kind === 'alarm');
  const onsetMs = onsetOf(alarms, aroundMs);
  const ill = reachOf(alarms.filter(({ phase }) => phase === 'begins'));
  const stories = storiesOf(entries.filter(({ kind }) => CHANGES.has(kind)));
  const suspects = stories
    .map((story) => suspectOf(story, { onsetMs, ill, cells }))
    .filter((suspect) => suspect !== null)
    .sort((a, b) => b.score - a.score)
    .slice(0, SUSPECTS_MAX);
  return { onsetMs, ill: ill.cells, suspects, oscillation: oscillationOf(alarms, stories) };
}

interface Story {
  readonly first: TimelineEntry;
  readonly lines: readonly TimelineEntry[];
}

/** Alarms after the instant asked about belong to it, too: nobody types the millisecond. Without any, the instant itself. */
function onsetOf(alarms: readonly TimelineEntry[], aroundMs: number): number {
  const begun = alarms.filter(({ phase }) => phase === 'begins').map(({ atMs }) => atMs);
  return begun.length === 0 ? aroundMs : Math.min(...begun);
}

function storiesOf(entries: readonly TimelineEntry[]): readonly Story[] {
  const byStory = new Map<string, TimelineEntry[]>();
  for (const entry of [...entries].sort((a, b) => a.atMs - b.atMs)) {
    const lines = byStory.get(entry.story);
    if (lines) lines.push(entry);
    else byStory.set(entry.story, [entry]);
  }
  return [...byStory.values()].flatMap((lines) => (lines[0] ? [{ first: lines[0], lines }] : []));
}

interface Weighing {
  readonly onsetMs: number;
  readonly ill: Reach;
  /** All cells of the platform. */
  readonly cells: readonly CellId[];
}

function suspectOf(story: Story, weighing: Weighing): Suspect | null {
  const before = story.lines.filter(({ atMs }) => atMs <= weighing.onsetMs + CLOCKS_DIFFER_MS);
  // The newest line before it went wrong: a rollout of an hour that reached the ill cell a second ago is a second old.
  const newest = before.filter(({ phase }) => phase !== 'ends').at(-1) ?? before.at(-1);
  if (newest === undefined) return null;
  const { onsetMs, ill, cells } = weighing;
  const reached = reachOf(before);
  const factors = [
    timeFactor(newest, onsetMs),
    placeFactor(reached, ill),
    mixtureFactor(reached, ill, cells),
    versionFactor(reached, ill),
  ];
  const score = factors.reduce((product, { factor }) => product * factor, 1);
  return {
    change: story.first,
    score: Math.round(1_000 * score) / 1_000,
    because: factors.flatMap(({ reason }) => (reason === null ? [] : [reason])),
  };
}

function oscillationOf(alarms: readonly TimelineEntry[], stories: readonly Story[]): string | null {
  const swings = swingsOf(alarms);
  if (swings < SWINGS_MIN) return null;
  const fromMs = Math.min(...alarms.map(({ atMs }) => atMs));
  const toMs = Math.max(...alarms.map(({ atMs }) => atMs));
  const halfDone = stories.find(({ first, lines }) => {
    const isRollout = first.kind === 'release' || first.kind === 'document';
    const ended = lines.find(({ phase }) => phase === 'ends');
    return isRollout && first.phase === 'begins' && first.atMs <= toMs && (ended === undefined || ended.atMs >= fromMs);
  });
  if (halfDone === undefined) return null;
  return `Errors came and went ${swings} times while "${halfDone.first.what}" was half done: probably the rollout, not an attack.`;
}

/** How often it began at one and the same place: three places that fall ill once each are one fault that is large. */
function swingsOf(alarms: readonly TimelineEntry[]): number {
  const begun = new Map<string, number>();
  for (const { phase, scope } of alarms) {
    const place = [...scope.cells, ...scope.regions].join();
    if (phase === 'begins') begun.set(place, (begun.get(place) ?? 0) + 1);
  }
  return Math.max(0, ...begun.values());
}
