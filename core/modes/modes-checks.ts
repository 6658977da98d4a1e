/**
 * What a document of modes must not be, given the topology and the one before it; and whether a change only takes away. The
 * second is decided over all operations, cells and instants at which something ends, so no change that would give something
 * back at once can pass for a safe one.
 */
import type { CheckContext, Objection } from '../documents/document-type.ts';
import type { CellId } from '../ids.ts';
import { effectiveModes } from './effective-modes.ts';
import { isAtMost } from './grant.ts';
import { type ModesBody, type Setting, settingsOf, whereText } from './modes-document.ts';
import { OPERATIONS, type OperationName } from './operations.ts';

/** What a shop that takes money can't be without: to take it from every tenant at once is a decision of its own. */
const LIFELINE: OperationName = 'checkout';

/** Of the one who wrote the document and the one who publishes it; people's machines are that far apart. */
const CLOCKS_APART_MS_MAX = 5 * 60_000;

export function checkModes(
  body: ModesBody,
  { topology, before, nowMs }: CheckContext<ModesBody>,
): readonly Objection[] {
  const cells = topology.cells.map(({ id }) => id);
  const unknown = settingsOf(body).filter(({ cell }) => cell !== null && !cells.includes(cell));
  const objections: Objection[] = unknown.map(({ cell }) => ({
    kind: 'semantic',
    message: `modes: there is no cell ${cell}. Allowed: ${cells.join(', ')}, or null for all cells.`,
  }));
  if (nowMs !== undefined) objections.push(...timely(body, { before, nowMs }));
  const without = (modes: ModesBody) => cells.filter((cell) => refusesLifeline(modes, cell));
  if (without(body).length === cells.length && without(before).length < cells.length) {
    const message = `modes: this refuses ${LIFELINE} in all ${cells.length} cells. Allowed in one step: all but one; or say that it is meant (--force).`;
    objections.push({ kind: 'delta', message });
  }
  return objections;
}

/** A setting that comes too late, or begins in the time to come and so would stand longer than any may. */
function timely(body: ModesBody, { before, nowMs }: { before: ModesBody; nowMs: number }): readonly Objection[] {
  const known = new Set(settingsOf(before).map((setting) => JSON.stringify(setting)));
  const added = settingsOf(body).filter((setting) => !known.has(JSON.stringify(setting)));
  const said = (setting: (typeof added)[number], what: string): Objection => {
    return {
      kind: 'semantic',
      message: `modes: ${settingName(setting)} ${what}. It is ${new Date(nowMs).toISOString()}.`,
    };
  };
  return [
    ...added.filter(({ expiresAtMs }) => expiresAtMs <= nowMs).map((each) => said(each, 'has ended already')),
    ...added
      .filter(({ sinceMs }) => sinceMs > nowMs + CLOCKS_APART_MS_MAX)
      .map((each) => said(each, 'begins in the future; allowed: sinceMs up to now')),
  ];
}

/** As long as nothing of it has ended. */
function refusesLifeline(modes: ModesBody, cell: CellId): boolean {
  return effectiveModes(modes, { cell, nowMs: 0 }).operations.get(LIFELINE)?.grant.kind === 'refused';
}

/** What of `body` is still to come to an end, for whoever writes the next one. */
export function withoutEnded(body: ModesBody, nowMs: number): ModesBody {
  const runs = ({ expiresAtMs }: Setting) => nowMs < expiresAtMs;
  return { levels: body.levels.filter(runs), switches: body.switches.filter(runs) };
}

/** From `nowMs` on, `after` never allows anything that `before` would not allow at the same instant. */
export function onlyTakesAway(before: ModesBody, after: ModesBody, nowMs = 0): boolean {
  const settings = [...settingsOf(before), ...settingsOf(after)];
  const cells = new Set<CellId | null>([null, ...settings.map(({ cell }) => cell)]);
  // Between two ends nothing changes by itself, so these instants stand for all.
  const instants = new Set([nowMs, ...settings.map(({ expiresAtMs }) => expiresAtMs).filter((at) => at > nowMs)]);
  return [...cells].every((cell) =>
    [...instants].every((at) => {
      const [was, is] = [before, after].map((body) => effectiveModes(body, { cell, nowMs: at }).operations);
      return OPERATIONS.every(({ name }) => {
        const [old, next] = [was?.get(name)?.grant, is?.get(name)?.grant];
        return old !== undefined && next !== undefined && isAtMost(next, old);
      });
    }),
  );
}

/** One line for a setting: `c01: level 40`. */
export function settingName(setting: ReturnType<typeof settingsOf>[number]): string {
  const what = 'level' in setting ? `level ${setting.level}` : setting.name;
  return `${whereText(setting.cell)}: ${what}`;
}
