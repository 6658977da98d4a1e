/** What a rollout tells the timeline. Ids follow from the record, so whoever resumes it writes the same line and not a second one. */
import type { Phase, Timeline, TimelineEntry } from '../../core/timeline/timeline.ts';
import { reachedCells } from './rollout-order.ts';
import type { RolloutRecord } from './rollout-record.ts';

/** Tells of the move from `before` to `after`, if it is one that a person wants to see beside a graph. */
export async function tellTimeline(
  timeline: Timeline,
  { before, after, atMs }: { before: RolloutRecord | null; after: RolloutRecord; atMs: number },
): Promise<void> {
  const event = eventOf(before, after);
  if (event === null) return;
  const { kind, what, by, why, number } = after;
  const cells = after.position.at === 'end' ? cellsAtEnd(after) : reachedCells(after);
  const scope: TimelineEntry['scope'] = {
    cells,
    regions: [],
    release: kind === 'release' ? what : null,
    document: kind === 'document' ? what : null,
  };
  const trouble = after.trouble === null ? '' : `: ${after.trouble.detail}`;
  const story = `rollout ${number}`;
  await timeline.append({
    id: `${story} ${event}`,
    ...{ story, kind, phase: phaseOf(before, after), atMs, by, scope, why: why === '' ? null : why },
    what: `rollout ${number} of ${what}: ${event}${after.state === 'running' ? '' : trouble}`,
  });
}

/** What was taken back is nowhere any more; whom it had reached, the lines before tell. */
const cellsAtEnd = ({ state, waves }: RolloutRecord) => (state === 'done' ? waves.flat() : []);

function phaseOf(before: RolloutRecord | null, after: RolloutRecord): Phase {
  if (before === null) return 'begins';
  return after.position.at === 'end' ? 'ends' : 'reaches';
}

function eventOf(before: RolloutRecord | null, after: RolloutRecord): string | null {
  if (before === null) return 'begun';
  if (before.state !== after.state) return after.state === 'rolling-back' ? 'goes back' : after.state;
  const [from, to] = [before.position, after.position];
  if (to.at === 'bake' && from.at !== 'bake') return `wave ${to.wave + 1} has it and bakes`;
  const nextCell = to.at === 'step' && to.step === 0 && (from.at !== 'step' || to.cell !== from.cell);
  if (nextCell) return `reaches ${after.waves[to.wave]?.[to.cell]}`;
  return to.at === 'settle' && from.at === 'bake' ? 'has baked everywhere' : null;
}
