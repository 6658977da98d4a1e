/**
 * How a quarantined commit of an order is merged into what others made of the order since. An order is decided once, and
 * its owner's settling drives whatever stands to its end; so where both lines agree there is nothing to do, and where
 * they decided differently a customer was told two things: a person must choose.
 */
import type { ConflictRule, MergeResult } from '../../cell/cell-store.ts';
import type { Aggregate, Commit } from '../../core/commit.ts';
import type { Order } from './order.ts';
import { decodeOrder, ORDER_ITEM, ORDER_PREFIX } from './order-book.ts';

export const orderConflict: ConflictRule = { prefix: ORDER_PREFIX, merge };

function merge(present: Aggregate, commit: Commit): MergeResult {
  const change = commit.changes.find(({ item }) => item === ORDER_ITEM);
  const lost = change?.kind === 'put' ? (change.data as unknown as Order) : null;
  const now = decodeOrder(present);
  if (lost === null) return person('it holds no order');
  if (now === null) return person('what it was made on is not in the line');
  if (now.fingerprint !== lost.fingerprint) return person('the order that stands is of another request');
  if (lost.status === 'PENDING') return nothing(`the order stands as ${now.status}`);
  if (decisionOf(now) === decisionOf(lost)) return nothing(`the order was decided the same way: ${now.status}`);
  if (now.status === 'PENDING') return person(`it says ${lost.status}; the order is not decided yet here`);
  return person(`it says ${lost.status}, and the order is ${now.status}`);
}

function decisionOf({ status }: Order): 'open' | 'confirmed' | 'rejected' {
  if (status === 'PENDING') return 'open';
  return status === 'CONFIRMED' ? 'confirmed' : 'rejected';
}

const nothing = (why: string): MergeResult => ({ kind: 'nothing', why });
const person = (why: string): MergeResult => ({ kind: 'person', why });
