/**
 * Strict operations are linearizable, each aggregate for itself, within and across epochs: products that nobody buys as
 * registers (`register-model.ts`, searched by `linearize.ts`), orders as objects that only move on (`order-observations.ts`).
 * Answers of a standby (`stalenessMs`) promise less and are judged elsewhere. What was refused can't show; what nobody knows
 * may have happened at any time after it was asked for; an adopted quarantined write happens again whenever it was adopted.
 * A key whose search runs out of budget is unknown.
 */
import { type Call, canonical, type History, isOk } from '../history/call.ts';
import type { EndState } from '../history/end-state.ts';
import { linearize, type Operation } from './linearize.ts';
import { judgeOrderLine, observationsByOrder } from './order-observations.ts';
import { REGISTER, type RegisterOp } from './register-model.ts';
import { registersOf } from './registers.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';
import { shownBy } from './write-order.ts';

export interface LinearizableInput {
  readonly history: History;
  readonly end: EndState;
  readonly configurationsMax?: number;
}

interface Located extends RegisterOp {
  readonly call: Call | null;
}

export function linearizable(input: LinearizableInput): CheckResult {
  return check('linearizable', () => {
    const registers = registersOf(input.history);
    const orders = observationsByOrder(input.history.calls);
    const judged = [...registers].map(([key, calls]) => judgeRegisterLine({ ...input, key, calls }));
    return {
      findings: [
        ...judged.flatMap(({ findings }) => findings),
        ...[...orders].flatMap(([order, seen]) => judgeOrderLine(order, seen)),
      ],
      missing: judged.flatMap(({ missing }) => missing),
      figures: {
        registers: registers.size,
        reads: [...registers.values()].flat().filter(isRead).length,
        orders: orders.size,
        configurations: judged.reduce((sum, { configurations }) => sum + configurations, 0),
      },
    };
  });
}

function judgeRegisterLine(of: LinearizableInput & { readonly key: string; readonly calls: readonly Call[] }): {
  readonly findings: readonly Finding[];
  readonly missing: readonly string[];
  readonly configurations: number;
} {
  const { key, calls, end, configurationsMax } = of;
  const operations = withoutUnseen([...calls.flatMap(operationOf), ...adoptionsOf(end, key)]);
  const result = linearize(REGISTER, operations, configurationsMax === undefined ? {} : { configurationsMax });
  const { configurations } = result;
  if (result.kind === 'found') return { findings: [], missing: [], configurations };
  const unread = end.cells.some(({ cell, reconciled }) => cell === calls[0]?.cell && reconciled === null);
  if (result.kind === 'none' && !unread) return { findings: [stuck(key, result.stuckAt)], missing: [], configurations };
  const line = calls[0]?.line;
  const why = unread
    ? `No order of ${key} (line ${line}) was found, but an adoption might explain it, and the audit could not be read.`
    : `The search for an order of ${key} (line ${line}) was given up after ${configurations} configurations.`;
  return { findings: [], missing: [why], configurations };
}

/** A put of unknown outcome whose value nobody was shown can be taken as never done: that explains as much. */
function withoutUnseen(operations: readonly Operation<Located>[]): readonly Operation<Located>[] {
  const shown = new Set(operations.filter(({ op }) => op.kind === 'get').map(({ op }) => canonical(op.value)));
  return operations.filter(({ op, endMs }) => endMs !== null || shown.has(canonical(op.value)));
}

function operationOf(call: Call): readonly Operation<Located>[] {
  const { invokedAtMs: beginMs, completedAtMs, epoch } = call;
  if (call.op === 'stock.put') {
    if (call.outcome === 'fail') return [];
    const put = { kind: 'put', value: call.asked, call } as const;
    if (!isOk(call)) return [{ op: { ...put, epoch: null, durable: false }, beginMs, endMs: null }];
    return [{ op: { ...put, epoch: named(epoch), durable: call.degraded === null }, beginMs, endMs: completedAtMs }];
  }
  if (!isRead(call)) return [];
  const value = shownBy(call) ?? null;
  return [{ op: { kind: 'get', value, epoch: named(epoch), durable: false, call }, beginMs, endMs: completedAtMs }];
}

/** An answer of the owner that shows something: a value, or that there is none. */
function isRead(call: Call): boolean {
  return call.stalenessMs === null && shownBy(call) !== undefined;
}

/** Epoch 0 is that of mergeable answers: it says nothing. */
function named(epoch: number | null): number | null {
  return epoch === 0 ? null : epoch;
}

function adoptionsOf(end: EndState, key: string): readonly Operation<Located>[] {
  return end.cells
    .flatMap((cell) => cell.reconciled ?? [])
    .filter(
      ({ action, write }) =>
        (action === 'adopted' || action === 'merged') && write?.of === 'stock' && write.key === key,
    )
    .map(({ write }) => {
      const op: Located = { kind: 'put', value: write?.value ?? null, epoch: null, durable: false, call: null };
      return { op, beginMs: 0, endMs: null };
    });
}

function stuck(key: string, { kind, value, epoch, call }: Located): Finding {
  const what = kind === 'get' ? 'shows' : 'sets';
  const message = `${key}: no order of the operations up to here explains that a ${kind} ${what} ${JSON.stringify(value)} under epoch ${epoch}.`;
  return { rule: 'not-linearizable', message, lines: call ? [call.line] : [] };
}
