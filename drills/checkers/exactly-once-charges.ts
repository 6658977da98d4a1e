/**
 * Exactly once charges, by the payment provider's own ledger: an order has at most one capture that was not voided; a confirmed
 * one exactly one, of its own total; a rejected one none; and no capture is of an order that nobody has. A repeat under one
 * idempotency key is the same order. An order that is neither after the heal was left unfinished: nobody can say yet.
 */
import type { History } from '../history/call.ts';
import { isOk } from '../history/call.ts';
import type { CellEndState, EndState, FinalRead, LedgerCharge } from '../history/end-state.ts';
import { membersOfValue } from './json-members.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';

export function exactlyOnceCharges(input: { readonly history: History; readonly end: EndState }): CheckResult {
  return check('exactly-once-charges', () => {
    const { ledger, finals, cells } = input.end;
    if (ledger === null) return { findings: [], missing: ["The provider's ledger could not be read."] };
    const standing = standingByOrder(ledger);
    const orders = finals.filter((final) => final.of === 'order' && final.found !== null);
    const unfinished = orders.filter((order) => !['confirmed', 'rejected'].includes(statusOf(order)));
    const orphans = withoutOrder(input.end, standing);
    return {
      findings: [
        ...twice(standing),
        ...orders.flatMap((order) => judgeOrder(order, standing)),
        ...orphans.findings,
        ...cells.flatMap((cell) => keysOfTwoOrders(cell)),
        ...otherOrders(input),
      ],
      missing: [
        ...unfinished.map((order) => `Order ${order.key} is still ${statusOf(order)} after the heal.`),
        ...orders.flatMap((order) => withoutTotal(order, standing)),
        ...orphans.missing,
      ],
      notes: orphans.notes,
      figures: {
        orders: orders.length,
        captures: ledger.filter((charge) => charge.state === 'captured').length,
        unfinished: unfinished.length,
      },
    };
  });
}

function standingByOrder(ledger: readonly LedgerCharge[]): Standing {
  const standing = new Map<string, LedgerCharge[]>();
  for (const charge of ledger) {
    if (charge.state !== 'captured') continue;
    standing.set(charge.order, [...(standing.get(charge.order) ?? []), charge]);
  }
  return standing;
}

function twice(standing: Standing): readonly Finding[] {
  return [...standing]
    .filter(([, charges]) => charges.length > 1)
    .map(([order, charges]) => {
      const keys = new Set(charges.map((charge) => charge.key)).size;
      const message = `Order ${order} was charged ${charges.length} times (${charges.map((charge) => charge.charge).join(', ')}), under ${keys} key(s).`;
      return { rule: 'charged-twice', message, lines: [] };
    });
}

function judgeOrder(order: FinalRead, standing: Standing): readonly Finding[] {
  const charges = standing.get(orderName(order)) ?? [];
  const captures = charges.length;
  const status = statusOf(order);
  if (status === 'confirmed' && captures === 0) {
    return [{ rule: 'confirmed-uncharged', message: `Order ${order.key} is confirmed without a charge.`, lines: [] }];
  }
  if (status === 'rejected' && captures > 0) {
    return [
      { rule: 'rejected-charged', message: `Order ${order.key} is rejected and its charge still stands.`, lines: [] },
    ];
  }
  const total = totalOf(order);
  return charges
    .filter(({ amountCents }) => total !== null && amountCents !== total)
    .map(({ charge, amountCents }) => ({
      rule: 'charged-amount',
      message: `Order ${order.key} comes to ${total} cents and was charged ${amountCents} (${charge}).`,
      lines: [],
    }));
}

/** Files of before the total was recorded lack it: of those nobody can say whether the amount was right. */
function withoutTotal(order: FinalRead, standing: Standing): readonly string[] {
  const charged = standing.has(orderName(order)) && totalOf(order) === null;
  return charged ? [`Order ${order.key} was charged, and its total was not read.`] : [];
}

type Standing = ReadonlyMap<string, readonly LedgerCharge[]>;

/** A capture whose order was placed where it was lost is accounted for by the quarantine; any other is money for nothing. */
function withoutOrder(end: EndState, standing: Standing) {
  const nothing = {
    findings: [] as readonly Finding[],
    missing: [] as readonly string[],
    notes: [] as readonly string[],
  };
  if (standing.size === 0) return nothing;
  const unread = end.cells.filter((cell) => cell.orderNames === undefined || cell.orderNames === null);
  const known = new Set([
    ...end.finals.filter((final) => final.of === 'order' && final.found !== null).map(orderName),
    ...end.cells.flatMap((cell) => cell.orderNames ?? []),
  ]);
  const unknown = [...standing.keys()].filter((order) => !known.has(order));
  if (unread.length > 0 && unknown.length > 0) {
    const cells = unread.map((cell) => cell.cell).join(', ');
    return { ...nothing, missing: [`${unknown.length} charges are of orders that were not read, in cells ${cells}.`] };
  }
  const setAside = new Set(
    end.cells
      .flatMap((cell) => [...(cell.quarantine ?? []), ...(cell.reconciled ?? [])])
      .map(({ aggregate }) => aggregate.split('/').at(-1)),
  );
  const lost = unknown.filter((order) => setAside.has(order));
  return {
    findings: unknown
      .filter((order) => !setAside.has(order))
      .map((order) => ({
        rule: 'charge-without-order',
        message: `${order} was charged, and no region has such an order.`,
        lines: [],
      })),
    missing: [],
    notes: lost.map((order) => `${order} was charged; the order itself lies in quarantine.`),
  };
}

function keysOfTwoOrders({ cell, orders }: CellEndState): readonly Finding[] {
  const byId = new Map<string, Set<string>>();
  for (const { key, id } of orders ?? []) {
    const name = `${key.split('/')[0]} ${id}`;
    byId.set(name, new Set([...(byId.get(name) ?? []), key]));
  }
  return [...byId]
    .filter(([, keys]) => keys.size > 1)
    .map(([, keys]) => ({
      rule: 'two-orders-of-one-key',
      message: `Cell ${cell}: one idempotency key made the orders ${[...keys].join(' and ')}.`,
      lines: [],
    }));
}

/** The order that an answer named is the one that was placed under the call's key. */
function otherOrders({ history, end }: { readonly history: History; readonly end: EndState }): readonly Finding[] {
  const idOf = new Map(end.cells.flatMap((cell) => cell.orders ?? []).map(({ key, id }) => [key, id]));
  return history.calls.flatMap((call) => {
    if (call.op !== 'checkout' || !isOk(call)) return [];
    const key = `${call.key.split('/')[0]}/${String(membersOfValue(call.value).order)}`;
    const id = idOf.get(key);
    if (id === undefined || id === call.id) return [];
    const message = `Checkout ${call.key} was answered with order ${key}, which was placed under another key.`;
    return [{ rule: 'order-of-another-key', message, lines: [call.line] }];
  });
}

/** The order's own name, without the tenant. */
function orderName(order: FinalRead): string {
  return order.key.slice(order.key.indexOf('/') + 1);
}

function statusOf({ found }: FinalRead): string {
  const { status } = membersOfValue(found);
  return typeof status === 'string' ? status.toLowerCase() : 'unreadable';
}

function totalOf({ found }: FinalRead): number | null {
  const { totalCents } = membersOfValue(found);
  return typeof totalCents === 'number' ? totalCents : null;
}
