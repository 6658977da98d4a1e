/** A call: an invocation with its completion, as the checkers reason about it. Only `readHistory` makes histories. */
import type { Json } from '../../core/json.ts';
import { type OperationEvent, type OperationName, traitsOf } from './operation.ts';

interface CallBase {
  readonly id: string;
  readonly client: number;
  readonly op: OperationName;
  readonly key: string;
  readonly cell: string;
  readonly via: 'router' | 'direct';
  /** Where it was sent. */
  readonly sentTo: string | null;
  /** What was asked for. */
  readonly asked: Json;
  readonly invokedAtMs: number;
  readonly completedAtMs: number;
  /** Line of the invocation in the file, from 1, so that a finding can be looked up. */
  readonly line: number;
  /** Who answered. */
  readonly region: string | null;
  readonly epoch: number | null;
  /** How far behind a standby's answer may be; `null`: not an answer of a standby, or not said. */
  readonly stalenessMs: number | null;
  /** How far behind a standby's answer might have been; `null`: only the active region was asked. */
  readonly askedStalenessMs: number | null;
  /** The request carried the session token of the client's last answer. */
  readonly session: boolean;
}

export interface OkCall extends CallBase {
  readonly outcome: 'ok';
  readonly value: Json;
  readonly degraded: string | null;
}

/** `fail`: certainly no effect. `info`: may have taken effect, at any time from its invocation on, or never. */
export interface OtherCall extends CallBase {
  readonly outcome: 'fail' | 'info';
  readonly code: string;
}

export type Call = OkCall | OtherCall;

/** A validated history: calls in the order of their invocation. */
export interface History {
  readonly calls: readonly Call[];
  readonly events: readonly OperationEvent[];
}

export function isOk(call: Call): call is OkCall {
  return call.outcome === 'ok';
}

export function isWrite(call: Call): boolean {
  return traitsOf(call.op).kind === 'write';
}

export function isFencedWrite(call: Call): boolean {
  const traits = traitsOf(call.op);
  return traits.kind === 'write' && traits.fenced;
}

/** Real-time order: `a` was over before `b` began. A call of unknown outcome is never over. */
export function precedes(a: Call, b: Call): boolean {
  return a.outcome !== 'info' && a.completedAtMs < b.invokedAtMs;
}

export function sameJson(a: Json, b: Json): boolean {
  return canonical(a) === canonical(b);
}

/** JSON with the members of every object in the order of their names. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
