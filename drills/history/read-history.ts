/**
 * Reads a history and believes none of it unseen: a file that was cut short, reordered or edited, or that says something
 * impossible, is refused with the line and the reason. Judging a damaged history would turn lost evidence into a pass.
 */
import { createHash } from 'node:crypto';
import { shown } from '../../core/ids.ts';
import type { Call, History } from './call.ts';
import { sameJson } from './call.ts';
import { type InvokeEvent, type OperationEvent, traitsOf } from './operation.ts';
import { parseEvent } from './parse-event.ts';

export type ReadResult =
  | { readonly ok: true; readonly history: History }
  | { readonly ok: false; readonly line: number; readonly reason: string };

/** What the writer knew when it closed the file; from the report. Finds a cut between two calls, which the lines can't show. */
export interface HistorySeal {
  readonly lines: number;
  readonly sha256: string;
}

/** An hour at 250 calls a second. More than that is not a drill, and would not fit into memory. */
export const HISTORY_LINES_MAX = 1_800_000;

export function readHistory(text: string, seal?: HistorySeal): ReadResult {
  const lines = text.split('\n');
  if (lines.pop() !== '') return refused(lines.length + 1, 'the last line has no end: the file was cut short');
  if (lines.length === 0) return refused(1, 'the file is empty');
  if (lines.length > HISTORY_LINES_MAX) return refused(HISTORY_LINES_MAX, `more than ${HISTORY_LINES_MAX} lines`);
  const broken = seal && brokenSeal({ text, lines: lines.length, seal });
  return broken ?? pairLines(lines);
}

/** The seal that `readHistory` checks, of a whole file. */
export function sealOf(text: string): HistorySeal {
  return { lines: text.split('\n').length - 1, sha256: createHash('sha256').update(text).digest('hex') };
}

function brokenSeal(options: { text: string; lines: number; seal: HistorySeal }): ReadResult | undefined {
  const { text, lines, seal } = options;
  if (lines !== seal.lines) return refused(lines, `the file has ${lines} lines, its writer wrote ${seal.lines}`);
  if (sealOf(text).sha256 !== seal.sha256) return refused(1, 'the digest differs: the file was edited after the drill');
  return undefined;
}

function pairLines(lines: readonly string[]): ReadResult {
  const pairing = new Pairing();
  for (const [index, line] of lines.entries()) {
    const parsed = parseEvent(line);
    const reason = typeof parsed === 'string' ? parsed : pairing.add(parsed, index + 1);
    if (reason !== null) return refused(index + 1, reason);
  }
  const open = pairing.firstOpenLine();
  if (open !== null) return refused(open, 'the call was never completed: the file was cut short');
  return { ok: true, history: pairing.history() };
}

interface OpenCall {
  readonly event: InvokeEvent;
  readonly line: number;
}

class Pairing {
  readonly #events: OperationEvent[] = [];
  readonly #calls: Call[] = [];
  readonly #open = new Map<number, OpenCall>();
  readonly #ids = new Set<string>();
  #lastMs = 0;

  /** The reason why the event can't stand here, or `null`. */
  add(event: OperationEvent, line: number): string | null {
    if (event.t < this.#lastMs) return `t ${event.t} is before the line above (${this.#lastMs}): lines were reordered`;
    this.#lastMs = event.t;
    this.#events.push(event);
    return event.type === 'invoke' ? this.#begin(event, line) : this.#end(event);
  }

  firstOpenLine(): number | null {
    const lines = [...this.#open.values()].map((open) => open.line);
    return lines.length === 0 ? null : Math.min(...lines);
  }

  history(): History {
    return { events: this.#events, calls: this.#calls.sort((a, b) => a.line - b.line) };
  }

  #begin(event: InvokeEvent, line: number): string | null {
    if (this.#open.has(event.client)) return `client ${event.client} begins a call while another is open`;
    if (this.#ids.has(event.id)) return `id ${shown(event.id)} was used by an earlier call`;
    this.#ids.add(event.id);
    this.#open.set(event.client, { event, line });
    return null;
  }

  #end(event: Exclude<OperationEvent, InvokeEvent>): string | null {
    const open = this.#open.get(event.client);
    if (!open) return `client ${event.client} completes a call that it never began`;
    const asked = open.event;
    if (asked.id !== event.id || asked.op !== event.op || asked.key !== event.key || asked.cell !== event.cell) {
      return `completion of ${event.op} ${shown(event.key)} does not match the open call ${asked.op} ${shown(asked.key)}`;
    }
    if (event.type === 'ok' && traitsOf(event.op).echoes && !sameJson(event.value, asked.value)) {
      return `${event.op} acknowledged ${shown(event.value)}, asked was ${shown(asked.value)}`;
    }
    this.#open.delete(event.client);
    this.#calls.push(toCall(open, event));
    return null;
  }
}

function toCall(open: OpenCall, end: Exclude<OperationEvent, InvokeEvent>): Call {
  const base = {
    id: end.id,
    client: end.client,
    op: end.op,
    key: end.key,
    cell: end.cell,
    via: open.event.via,
    sentTo: open.event.region,
    asked: open.event.value,
    invokedAtMs: open.event.t,
    completedAtMs: end.t,
    line: open.line,
    region: end.region,
    epoch: end.epoch,
    // Carts are merged in either region, so every answer about them says how old it may be.
    stalenessMs: end.type === 'ok' && traitsOf(end.op).fenced ? (end.stalenessMs ?? null) : null,
    askedStalenessMs: open.event.maxStalenessMs ?? null,
    session: open.event.session ?? false,
  };
  if (end.type === 'ok') return { ...base, outcome: 'ok', value: end.value, degraded: end.degraded ?? null };
  return { ...base, outcome: end.type, code: end.code };
}

function refused(line: number, reason: string): ReadResult {
  return { ok: false, line, reason };
}
