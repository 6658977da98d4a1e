/**
 * Every acknowledged fenced write stands after the heal, or is counted. A write is *lost* when the owner's final state
 * shows that it was never in the owner's line; it is *accounted for* when a quarantine holds it, or an audit line says what became
 * of it there. Lost and neither: fail. Lost although acknowledged as replicated: fail, wherever it lies now. Where quarantine or
 * audit could not be read, nobody can say whether a loss is accounted for. What was discarded is a loss that a person signed:
 * it is told with its line.
 */

import type { Json } from '../../core/json.ts';
import {
  type Call,
  canonical,
  type History,
  isFencedWrite,
  isOk,
  isWrite,
  type OkCall,
  sameJson,
} from '../history/call.ts';
import type { EndState, FinalRead, QuarantineDump } from '../history/end-state.ts';
import { traitsOf } from '../history/operation.ts';
import { judgeRegister } from './register.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';

export interface DurabilityInput {
  readonly history: History;
  readonly end: EndState;
  /** The instant against which the age of what was lost is counted; `null` when no fault was injected. */
  readonly faultAtMs: number | null;
}

export function acknowledgedDurable(input: DurabilityInput): CheckResult {
  return check('acknowledged-durable', () => {
    const evidence = gather(input);
    const quarantined = quarantinedAmong(evidence.lost, input.end);
    const unread = cellsUnread(input.end);
    const findings = evidence.lost.flatMap((call) => judgeLost(call, { quarantined, unread }));
    return {
      findings: [...findings, ...evidence.findings],
      missing: [...evidence.missing, ...unaccountable(evidence.lost, unread)],
      notes: evidence.lost.flatMap((call) => discardNotes(call, input.end)),
      figures: figuresOf(input, evidence.lost, quarantined),
    };
  });
}

interface Evidence {
  readonly lost: OkCall[];
  readonly findings: Finding[];
  readonly missing: string[];
}

function gather({ history, end }: DurabilityInput): Evidence {
  const evidence: Evidence = { lost: [], findings: [], missing: [] };
  const finals = new Map(end.finals.map((final) => [`${final.of} ${final.key}`, final]));
  const writesOf = groupByKey(history.calls.filter((call) => call.op === 'stock.put'));
  for (const [key, writes] of writesOf) {
    const final = finals.get(`stock ${key}`);
    if (!isTakenIn(end, final)) judgeStock({ key, writes, final, evidence });
  }
  for (const call of history.calls) {
    if (call.op === 'checkout' && isOk(call)) judgeOrder({ call, finals, evidence });
  }
  return evidence;
}

/** What stands was adopted or merged from the quarantine: it may have followed any write of the history. */
function isTakenIn(end: EndState, final: FinalRead | undefined): boolean {
  return end.cells
    .flatMap((cell) => cell.reconciled ?? [])
    .some(
      ({ action, write }) =>
        (action === 'adopted' || action === 'merged') &&
        final?.of === write?.of &&
        final?.key === write?.key &&
        sameJson(final?.found ?? null, write?.value ?? null),
    );
}

function judgeStock(options: {
  key: string;
  writes: readonly Call[];
  final: FinalRead | undefined;
  evidence: Evidence;
}): void {
  const { key, writes, final, evidence } = options;
  if (!final) {
    if (writes.some(isOk)) evidence.missing.push(`No final read of stock ${key}.`);
    return;
  }
  const judged = judgeRegister({ writes, found: final.found });
  if (judged.kind === 'explained') evidence.lost.push(...judged.lost);
  // A refused write that shows is the business of no-stale-write; a value of nobody's is ours.
  else if (judged.refusedWriter === null) {
    const message = `Stock ${key} stands at ${JSON.stringify(final.found)}, which nobody wrote.`;
    evidence.findings.push({ rule: 'value-of-nobody', message, lines: writes.slice(0, 1).map((write) => write.line) });
  }
}

function judgeOrder(options: { call: OkCall; finals: ReadonlyMap<string, FinalRead>; evidence: Evidence }): void {
  const order = orderOf(options.call);
  if (order === null) {
    const message = `Checkout ${options.call.key} was acknowledged without naming an order.`;
    options.evidence.findings.push({ rule: 'order-unnamed', message, lines: [options.call.line] });
    return;
  }
  const final = options.finals.get(`order ${order}`);
  if (!final) options.evidence.missing.push(`No final read of order ${order}.`);
  else if (final.found === null) options.evidence.lost.push(options.call);
}

/** `<tenant>/<order>` of an acknowledged checkout. */
export function orderOf(call: OkCall): string | null {
  const { value } = call;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const order = (value as { readonly order?: unknown }).order;
  return typeof order === 'string' ? `${call.key.split('/')[0]}/${order}` : null;
}

/** In quarantine, or gone from it with an audit line. */
function quarantinedAmong(lost: readonly OkCall[], end: EndState): ReadonlySet<OkCall> {
  const entries = end.cells.flatMap((cell) => [...(cell.quarantine ?? []), ...(cell.reconciled ?? [])]);
  const isHeld = holderOf(entries);
  return new Set(lost.filter(isHeld));
}

type SetAside = Pick<QuarantineDump, 'id' | 'write'>;

/** By idempotency key, or by what was written: a write that is natural to repeat carries no key into the store. */
function holderOf(entries: readonly SetAside[]): (call: OkCall) => boolean {
  const ids = new Set(entries.map((entry) => entry.id));
  const writes = new Set(entries.flatMap(({ write }) => (write ? [nameOf(write.of, write.key, write.value)] : [])));
  return (call) =>
    ids.has(call.id) ||
    writes.has(
      call.op === 'stock.put' ? nameOf('stock', call.key, call.value) : nameOf('order', orderOf(call) ?? '', null),
    );
}

function discardNotes(call: OkCall, end: EndState): readonly string[] {
  const rows = end.cells.flatMap((cell) => cell.reconciled ?? []).filter(({ action }) => action === 'discarded');
  const row = rows.find((one) => holderOf([one])(call));
  if (!row) return [];
  return [`${call.op} ${call.key} (line ${call.line}) was acknowledged, lost, and its commit discarded by ${row.by}.`];
}

/** An order is one write whatever it has come to, so its value says nothing. */
function nameOf(...[of, key, value]: readonly ['stock' | 'order', string, Json]): string {
  return of === 'stock' ? `${of} ${key} ${canonical(value)}` : `${of} ${key}`;
}

function judgeLost(
  call: OkCall,
  of: { readonly quarantined: ReadonlySet<OkCall>; readonly unread: ReadonlySet<string> },
): readonly Finding[] {
  const subject = `${call.op} ${call.key}, acknowledged by ${call.region} under epoch ${call.epoch},`;
  const lines = [call.line];
  const uncounted = !of.quarantined.has(call) && !of.unread.has(call.cell);
  if (uncounted) {
    const message = `${subject} is neither in the final state nor in quarantine.`;
    return [{ rule: 'lost-uncounted', message, lines }];
  }
  if (traitsOf(call.op).ack === 'replicated' && call.degraded === null) {
    return [{ rule: 'lost-replicated', message: `${subject} was acknowledged as replicated and is lost.`, lines }];
  }
  return [];
}

/** Cells whose quarantine or audit could not be read. A file written before there was an audit has none. */
function cellsUnread(end: EndState): ReadonlySet<string> {
  return new Set(
    end.cells.filter((cell) => cell.quarantine === null || cell.reconciled === null).map(({ cell }) => cell),
  );
}

/** Only when something was lost does it matter that the quarantine could not be read: it then may, or may not, be counted. */
function unaccountable(lost: readonly OkCall[], unread: ReadonlySet<string>): readonly string[] {
  const cells = new Set(lost.map((call) => call.cell).filter((cell) => unread.has(cell)));
  return [...cells].map((cell) => {
    const [first] = lost.filter((call) => call.cell === cell);
    return `The quarantine or its audit of cell ${cell} could not be read: whether what was lost lies there is not known (first: line ${first?.line}).`;
  });
}

function figuresOf(input: DurabilityInput, lost: readonly OkCall[], quarantined: ReadonlySet<OkCall>) {
  const acknowledged = input.history.calls.filter(isOk).filter(isWrite);
  const lostAtMs = lost.map((call) => call.completedAtMs);
  const ageMs =
    input.faultAtMs === null || lost.length === 0 ? 0 : Math.max(0, input.faultAtMs - Math.min(...lostAtMs));
  return {
    acknowledgedWrites: acknowledged.length,
    fencedWrites: acknowledged.filter(isFencedWrite).length,
    degradedAcknowledged: acknowledged.filter((call) => call.degraded !== null).length,
    lost: lost.length,
    lostDegraded: lost.filter((call) => call.degraded !== null).length,
    lostQuarantined: lost.filter((call) => quarantined.has(call)).length,
    ageMs: Math.round(ageMs),
  };
}

function groupByKey(calls: readonly Call[]): ReadonlyMap<string, readonly Call[]> {
  const groups = new Map<string, Call[]>();
  for (const call of calls) {
    const group = groups.get(call.key);
    if (group) group.push(call);
    else groups.set(call.key, [call]);
  }
  return groups;
}
