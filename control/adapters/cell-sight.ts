/** What the alarm watch sees of a cell's process: its status page, over the region's own link. */
import { ANSWER_KINDS, type AnswerTally } from '../../core/answer-counts.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId } from '../../core/ids.ts';
import type { Sight } from '../alarms/alarm-judge.ts';
import type { LookAtCell } from '../alarms/alarm-watch.ts';
import { readJson } from './read-json.ts';

export function cellSight(of: {
  readonly hostUrl: (cell: CellId) => string;
  readonly internalSecret: string;
  readonly clock: Clock;
}): LookAtCell {
  const headers = { authorization: `Holdfast-Internal ${of.internalSecret}` };
  return async (cell, limit) => {
    const page = await readJson(`${of.hostUrl(cell)}/_holdfast/status`, { limit, headers, clock: of.clock });
    return toSight(page);
  };
}

/** A page without counts is of a process that counts nothing (another version): no sight, which is told as silence. */
function toSight(page: unknown): Sight {
  const { process: self, answers, release, documents } = members(page);
  const { pid } = members(self);
  const { total } = members(answers);
  const counts = ANSWER_KINDS.map((kind) => members(total)[kind]);
  if (typeof pid !== 'number' || !counts.every((count) => typeof count === 'number')) return null;
  const tally = Object.fromEntries(ANSWER_KINDS.map((kind, index) => [kind, counts[index]])) as AnswerTally;
  const { name } = members(release);
  const editions = editionsOf(documents);
  return { processId: pid, release: typeof name === 'string' ? name : null, documents: editions, total: tally };
}

function editionsOf(documents: unknown): readonly string[] {
  return Object.entries(members(documents)).flatMap(([type, status]) => {
    const { version } = members(status);
    return typeof version === 'number' && version > 0 ? [`${type}@${version}`] : [];
  });
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
