/**
 * No double charge, by the payment provider's own ledger: an order has at most one capture that was not voided; a confirmed
 * one exactly one; a rejected one none. An order that is neither after the heal was left unfinished: nobody can say yet.
 */
import type { EndState, FinalRead, LedgerCharge } from '../history/end-state.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';

export function noDoubleCharge(input: { readonly end: EndState }): CheckResult {
  return check('no-double-charge', () => {
    const { ledger, finals } = input.end;
    if (ledger === null) return { findings: [], missing: ["The provider's ledger could not be read."] };
    const standing = standingByOrder(ledger);
    const orders = finals.filter((final) => final.of === 'order' && final.found !== null);
    const unfinished = orders.filter((order) => !['confirmed', 'rejected'].includes(statusOf(order)));
    return {
      findings: [...twice(standing), ...orders.flatMap((order) => judgeOrder(order, standing))],
      missing: unfinished.map((order) => `Order ${order.key} is still ${statusOf(order)} after the heal.`),
      figures: {
        orders: orders.length,
        captures: ledger.filter((charge) => charge.state === 'captured').length,
        unfinished: unfinished.length,
      },
    };
  });
}

function standingByOrder(ledger: readonly LedgerCharge[]): ReadonlyMap<string, readonly LedgerCharge[]> {
  const standing = new Map<string, LedgerCharge[]>();
  for (const charge of ledger) {
    if (charge.state !== 'captured') continue;
    standing.set(charge.order, [...(standing.get(charge.order) ?? []), charge]);
  }
  return standing;
}

function twice(standing: ReadonlyMap<string, readonly LedgerCharge[]>): readonly Finding[] {
  return [...standing]
    .filter(([, charges]) => charges.length > 1)
    .map(([order, charges]) => {
      const keys = new Set(charges.map((charge) => charge.key)).size;
      const message = `Order ${order} was charged ${charges.length} times (${charges.map((charge) => charge.charge).join(', ')}), under ${keys} key(s).`;
      return { rule: 'charged-twice', message, lines: [] };
    });
}

function judgeOrder(order: FinalRead, standing: ReadonlyMap<string, readonly LedgerCharge[]>): readonly Finding[] {
  const captures = standing.get(orderName(order))?.length ?? 0;
  const status = statusOf(order);
  if (status === 'confirmed' && captures === 0) {
    return [{ rule: 'confirmed-uncharged', message: `Order ${order.key} is confirmed without a charge.`, lines: [] }];
  }
  if (status === 'rejected' && captures > 0) {
    return [
      { rule: 'rejected-charged', message: `Order ${order.key} is rejected and its charge still stands.`, lines: [] },
    ];
  }
  return [];
}

/** The order's own name, without the tenant. */
function orderName(order: FinalRead): string {
  return order.key.slice(order.key.indexOf('/') + 1);
}

function statusOf(order: FinalRead): string {
  const { found } = order;
  if (found === null || typeof found !== 'object' || Array.isArray(found)) return 'unreadable';
  const status = (found as { readonly status?: unknown }).status;
  return typeof status === 'string' ? status.toLowerCase() : 'unreadable';
}
