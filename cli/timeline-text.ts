/** The timeline for people: a line each, and above them who may have done it. */
import type { Suspicion } from '../core/timeline/suspects.ts';
import type { TimelineEntry } from '../core/timeline/timeline.ts';
import { textTable } from './text-table.ts';

/** A score below it explains nothing; the JSON has them all. */
const SCORE_SHOWN_MIN = 0.02;

export interface TimelineView {
  readonly entries: readonly TimelineEntry[];
  readonly more: boolean;
  readonly unreadable: number;
  readonly suspicion: Suspicion;
}

export function timelineText(view: TimelineView): string {
  const { entries, more, unreadable } = view;
  const rows = entries.map(({ atMs, kind, what, by, why }) => [time(atMs), kind, what, by, why ?? '']);
  const titles = ['AT (UTC)', 'KIND', 'WHAT', 'BY', 'WHY'].map((title) => ({ title }));
  return [
    ...(more ? ['Older lines of this window are left out; ask for a shorter one.'] : []),
    ...(unreadable > 0 ? [`${unreadable} lines could not be read and are left out.`] : []),
    rows.length === 0 ? 'Nothing is written of this time.' : textTable(titles, rows),
    '',
    suspectsText(view.suspicion),
  ].join('\n');
}

export function suspectsText({ suspects, ill, oscillation, onsetMs }: Suspicion): string {
  const shown = suspects.filter(({ score }) => score >= SCORE_SHOWN_MIN);
  const head =
    ill.length === 0
      ? `No alarm in this time; suspects for ${time(onsetMs)}:`
      : `Ill: ${ill.join(', ')}, since ${time(onsetMs)}. Suspects:`;
  const rows = shown.map(({ score, change, because }, index) => [
    ...[`${index + 1}.`, score.toFixed(2), change.what, because.join('; ')],
  ]);
  const columns = [{ title: '' }, { title: '' }, { title: '' }, { title: '' }];
  return [
    ...(oscillation === null ? [] : [oscillation]),
    shown.length === 0 ? 'Nothing was changed shortly before: no suspects.' : `${head}\n${textTable(columns, rows)}`,
  ].join('\n');
}

const time = (atMs: number) => new Date(atMs).toISOString().replace('T', ' ').replace('Z', '');
