/**
 * Keys of a history that behave as registers: put, read, and held by no cart, because an order changes the stock of what it takes,
 * and nobody sees when. Without a read there is nothing to explain; that epochs do not go back is `one-writer-per-epoch`.
 */
import type { Call, History } from '../history/call.ts';
import { shownBy } from './write-order.ts';

/** Key → its puts and gets, in the order of invocation. */
export function registersOf(history: History): ReadonlyMap<string, readonly Call[]> {
  const bought = new Set(history.calls.filter((call) => call.op === 'cart.put').map((call) => soldKeyOf(call.key)));
  const registers = new Map<string, Call[]>();
  for (const call of history.calls) {
    if (call.op === 'stock.put' && !bought.has(call.key) && !registers.has(call.key)) registers.set(call.key, []);
  }
  for (const call of history.calls) {
    if (call.op === 'stock.put' || call.op === 'stock.get') registers.get(call.key)?.push(call);
  }
  return new Map([...registers].filter(([, calls]) => calls.some((call) => shownBy(call) !== undefined)));
}

/** `<tenant>/<cart>/<sku>` → `<tenant>/<sku>`. */
function soldKeyOf(article: string): string {
  const [tenant = '', ...rest] = article.split('/');
  return `${tenant}/${rest.at(-1) ?? ''}`;
}
