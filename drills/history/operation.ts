/**
 * What a history consists of: one event a line, two events a call. `invoke` is written before the request is sent, and
 * its `ok`, `fail` or `info` when the client knows as much as it will ever know. Invariant: `fail` means certainly no
 * effect, `info` means that nobody knows; whatever is in doubt is `info`. docs/history-format.md describes the file.
 */
import type { Json } from '../../core/json.ts';

/** What the checkers need to know of an operation, beside its name. `fenced`: accepted by the cell's one active region only. */
export interface OperationTraits {
  readonly kind: 'write' | 'read';
  readonly fenced: boolean;
  /** When the route acknowledges; `none` for reads. */
  readonly ack: 'local' | 'replicated' | 'none';
  /** The answer to a write repeats what was asked for, so `ok.value` equals `invoke.value`. */
  readonly echoes: boolean;
}

export const OPERATIONS = {
  'stock.put': { kind: 'write', fenced: true, ack: 'replicated', echoes: true },
  'stock.get': { kind: 'read', fenced: true, ack: 'none', echoes: false },
  checkout: { kind: 'write', fenced: true, ack: 'replicated', echoes: false },
  'order.get': { kind: 'read', fenced: true, ack: 'none', echoes: false },
  'cart.put': { kind: 'write', fenced: false, ack: 'local', echoes: true },
  'cart.get': { kind: 'read', fenced: false, ack: 'none', echoes: false },
} as const satisfies Readonly<Record<string, OperationTraits>>;

export type OperationName = keyof typeof OPERATIONS;

interface EventBase {
  /** Milliseconds since the drill began, on its monotonic clock; never smaller than on the line before. */
  readonly t: number;
  /** Clients are sequential: at most one call of a client is open. */
  readonly client: number;
  readonly op: OperationName;
  /** What the call is about: `<tenant>/<sku>`, `<tenant>/<cart>/<sku>`, `<tenant>/<cart>`, `<tenant>/<order>`. */
  readonly key: string;
  readonly value: Json;
  /** Of the invocation: where it was sent. Of the completion: who answered, `null` when nobody said. */
  readonly region: string | null;
  /** The epoch under which the cell answered; `null` when it did not say. */
  readonly epoch: number | null;
  readonly cell: string;
  /** The idempotency key that the request carried; unique to the call. */
  readonly id: string;
}

export interface InvokeEvent extends EventBase {
  readonly type: 'invoke';
  /** `direct`: past the routers, straight at one region's cell host, as a client with a stale address would. */
  readonly via: 'router' | 'direct';
  /** The request carried the session token that the client got last. */
  readonly session?: boolean;
  /** Of a read that a standby may answer: how far behind its copy may be. */
  readonly maxStalenessMs?: number;
}

export interface OkEvent extends EventBase {
  readonly type: 'ok';
  /** What the answer said it could not do, such as `unreplicated`. */
  readonly degraded?: string;
  /** By how much the answer may be behind at most, when it said so: a standby's, or a merged one. */
  readonly stalenessMs?: number;
}

export interface FailEvent extends EventBase {
  readonly type: 'fail';
  /** Why, as the problem document's code says. */
  readonly code: string;
}

export interface InfoEvent extends EventBase {
  readonly type: 'info';
  readonly code: string;
}

export type OperationEvent = InvokeEvent | OkEvent | FailEvent | InfoEvent;

export function isOperationName(value: unknown): value is OperationName {
  return typeof value === 'string' && Object.hasOwn(OPERATIONS, value);
}

export function traitsOf(op: OperationName): OperationTraits {
  return OPERATIONS[op];
}
