/**
 * An order's status only moves on: none → PENDING → CONFIRMED or REJECTED. For an object that only moves on, and whose moves
 * nobody sees, linearizability comes down to pairs: an answer that was over before another began may not show more than it.
 * (If no pair contradicts, an instant for each move exists: after every begin that shows less, before every end that shows it.)
 *
 * What a single region showed and nobody acknowledged as replicated may be undone at an epoch change; see `register-model.ts`.
 */
import { type Call, precedes } from '../history/call.ts';
import { membersOfValue } from './json-members.ts';
import type { Finding } from './verdict.ts';

interface Observation {
  readonly call: Call;
  readonly status: string;
  readonly epoch: number;
  readonly durable: boolean;
}

const RANKS: Readonly<Record<string, number>> = { none: 0, PENDING: 1, CONFIRMED: 2, REJECTED: 2 };

/** `<tenant>/<order>` → what was seen of it, in the order of invocation. */
export function observationsByOrder(calls: readonly Call[]): ReadonlyMap<string, readonly Observation[]> {
  const byOrder = new Map<string, Observation[]>();
  for (const call of calls) {
    const seen = observed(call);
    if (!seen) continue;
    const group = byOrder.get(seen.order);
    if (group) group.push(seen);
    else byOrder.set(seen.order, [seen]);
  }
  return byOrder;
}

function observed(call: Call): (Observation & { readonly order: string }) | null {
  if ((call.op !== 'checkout' && call.op !== 'order.get') || call.epoch === null || call.stalenessMs !== null)
    return null;
  const base = { call, epoch: call.epoch };
  if (call.outcome === 'fail') {
    const absent = call.op === 'order.get' && call.code === 'NOT_FOUND';
    return absent ? { ...base, order: call.key, status: 'none', durable: false } : null;
  }
  if (call.outcome !== 'ok') return null;
  const { order, status } = membersOfValue(call.value);
  if (typeof order !== 'string' || typeof status !== 'string') return null;
  const durable = call.op === 'checkout' && call.degraded === null;
  return { ...base, order: `${call.key.split('/')[0]}/${order}`, status, durable };
}

/** At most one finding for an order: the first contradiction. */
export function judgeOrderLine(order: string, seen: readonly Observation[]): readonly Finding[] {
  for (const [index, later] of seen.entries()) {
    if (!Object.hasOwn(RANKS, later.status)) return [finding(order, 'is of no known status', [later])];
    for (const earlier of seen.slice(0, index)) {
      const contradiction = contradicts(earlier, later) ?? contradicts(later, earlier);
      if (contradiction) return [finding(order, contradiction, [earlier, later])];
    }
  }
  return [];
}

function contradicts(a: Observation, b: Observation): string | null {
  const undone = !a.durable && b.epoch > a.epoch;
  const rank = ({ status }: Observation) => RANKS[status] ?? 0;
  if (precedes(a.call, b.call) && rank(a) > rank(b) && !undone) return 'went back';
  const bothEnded = rank(a) === 2 && rank(b) === 2 && a.status !== b.status;
  // Which of the two was undone is told by the epochs; under one epoch nothing is.
  if (bothEnded && a.epoch <= b.epoch && !undone) return 'came to two different ends';
  return null;
}

function finding(order: string, what: string, seen: readonly Observation[]): Finding {
  const shown = seen.map(({ status, epoch, call }) => `${status} (${call.op}, epoch ${epoch}, line ${call.line})`);
  const message = `Order ${order} ${what}: ${shown.join(', then ')}.`;
  return { rule: 'order-not-linearizable', message, lines: seen.map(({ call }) => call.line) };
}
