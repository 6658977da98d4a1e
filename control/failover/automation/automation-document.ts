/**
 * The one document of automation in the arbiter: what is switched on, since when and why, and the moves that automation has
 * reserved. Mode and moves lie in one item on purpose: a reservation is a write conditional on the version that it was
 * decided on, so neither two regions together can exceed the velocity limit, nor does a move begin after "off" was written.
 * Sources: the gating rule of Route 53 ARC (one switch above all automation), Patroni's pause (kept in the store that
 * everybody asks anyway).
 */
import { invalid } from '../../../core/errors.ts';
import { type CellId, cellId, type RegionName, regionName, shown } from '../../../core/ids.ts';
import { AUTOMATION_MODES, type AutomationMode } from '../../../core/topology-automation.ts';

export interface AutomationSetting {
  readonly mode: AutomationMode;
  /** The switch: when off, nothing is proposed or moved, whatever the mode. */
  readonly enabled: boolean;
}

export interface SettingChange extends AutomationSetting {
  readonly version: number;
  readonly by: string;
  readonly reason: string;
  /** Wall clock, for people. */
  readonly atMs: number;
}

/** A move for which automation has spent a part of the velocity limit, whatever came of it. */
export interface ReservedMove {
  readonly id: string;
  readonly cell: CellId;
  readonly from: RegionName;
  readonly to: RegionName;
  readonly atMs: number;
}

export interface AutomationDocument extends AutomationSetting {
  /** 0: never written; the topology's default holds. */
  readonly version: number;
  /** Newest last: the audit of the switch. */
  readonly changes: readonly SettingChange[];
  /** Newest last. */
  readonly moves: readonly ReservedMove[];
}

/** Kept in the document: as much as a person reads when asking who turned it off. */
export const CHANGES_MAX = 50;
/** More than any velocity limit that a topology may state. */
export const MOVES_KEPT_MAX = 128;
const REASON_LENGTH_MAX = 500;

export function unwritten(mode: AutomationMode): AutomationDocument {
  return { version: 0, mode, enabled: true, changes: [], moves: [] };
}

/** The next version with another setting. Throws `INVALID_INPUT` without a reason: the next one on duty will want it. */
export function withSetting(
  document: AutomationDocument,
  change: Partial<AutomationSetting> & { readonly by: string; readonly reason: string; readonly atMs: number },
): AutomationDocument {
  const reason = change.reason.trim();
  if (reason.length === 0 || reason.length > REASON_LENGTH_MAX) {
    throw invalid(`A reason of ${reason.length} characters. Allowed: 1–${REASON_LENGTH_MAX}. Say why, with --reason.`);
  }
  const { mode, enabled, version } = { ...document, ...change, version: document.version + 1 };
  const { by, atMs } = change;
  const changes = [...document.changes, { version, mode, enabled, by, reason, atMs }].slice(-CHANGES_MAX);
  return { ...document, version, mode, enabled, changes };
}

export function withMove(document: AutomationDocument, move: ReservedMove): AutomationDocument {
  const moves = [...document.moves, move].slice(-MOVES_KEPT_MAX);
  return { ...document, version: document.version + 1, moves };
}

/** Throws `INVALID_INPUT` for what is no such document: whoever can't read the switch must take it for off. */
export function decodeAutomation(value: unknown): AutomationDocument {
  const { version, mode, enabled, changes, moves } = membersOf(value, 'document');
  return {
    version: whole(version, 'version'),
    mode: modeOf(mode),
    enabled: flag(enabled),
    changes: listOf(changes, 'changes', CHANGES_MAX).map(toChange),
    moves: listOf(moves, 'moves', MOVES_KEPT_MAX).map(toMove),
  };
}

function toChange(value: unknown): SettingChange {
  const { version, mode, enabled, by, reason, atMs } = membersOf(value, 'change');
  return {
    ...{ version: whole(version, 'version'), mode: modeOf(mode), enabled: flag(enabled) },
    ...{ by: text(by, 'by'), reason: text(reason, 'reason'), atMs: whole(atMs, 'atMs') },
  };
}

function toMove(value: unknown): ReservedMove {
  const { id, cell, from, to, atMs } = membersOf(value, 'move');
  return {
    ...{ id: text(id, 'id'), cell: cellId(cell), from: regionName(from), to: regionName(to) },
    atMs: whole(atMs, 'atMs'),
  };
}

function membersOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw malformed(what, value, 'an object');
}

function listOf(value: unknown, what: string, lengthMax: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= lengthMax) return value;
  throw malformed(what, value, `a list of at most ${lengthMax}`);
}

function modeOf(value: unknown): AutomationMode {
  const mode = AUTOMATION_MODES.find((known) => known === value);
  if (mode) return mode;
  throw malformed('mode', value, AUTOMATION_MODES.join(', '));
}

function flag(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw malformed('enabled', value, 'true or false');
}

function whole(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed(what, value, 'an integer from 0');
}

function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw malformed(what, value, 'text');
}

function malformed(what: string, value: unknown, allowed: string) {
  return invalid(
    `The automation document's ${what} is ${shown(value)}. Allowed: ${allowed}. Write it anew: holdfast automation off.`,
  );
}
