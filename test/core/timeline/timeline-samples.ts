/** Lines of a timeline, as short as a test wants to say them. */
import { cellId } from '../../../core/ids.ts';
import { EVERYWHERE, type TimelineEntry } from '../../../core/timeline/timeline.ts';

export const CELLS = ['c01', 'c02', 'c03'].map(cellId);
export const NOON_MS = Date.parse('2026-11-28T12:00:00Z');

export function line(
  change: Partial<TimelineEntry> & Pick<TimelineEntry, 'story'>,
  cells: readonly string[] = [],
): TimelineEntry {
  const { story, phase = 'happens', atMs = NOON_MS } = change;
  return {
    ...{ id: `${story} ${phase} ${atMs}`, kind: 'release', phase, atMs, what: story, by: 'ann', why: null },
    scope: { ...EVERYWHERE, cells: cells.map(cellId) },
    ...change,
  };
}
