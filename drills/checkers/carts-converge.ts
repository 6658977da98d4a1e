/**
 * Carts converge: after the heal both regions show the same merged cart, and in a cart that one client filled the last
 * acknowledged quantity of each article stands, unless a write of unknown outcome may have followed it. A cart that was
 * written in both regions is judged by what a merge may make of it (`merged-quantities.ts`). Carts that were checked out are
 * compared between regions only, because the checkout changes them.
 */
import { type Call, type History, isOk } from '../history/call.ts';
import type { CartView, EndState } from '../history/end-state.ts';
import { mergedQuantities } from './merged-quantities.ts';
import { judgeRegister } from './register.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';

export function cartsConverge(input: { readonly history: History; readonly end: EndState }): CheckResult {
  return check('carts-converge', () => {
    const { carts } = input.end;
    if (carts === null) return { findings: [], missing: ['The carts could not be read in both regions.'] };
    const byKey = groupViews(carts);
    const alone = [...byKey]
      .filter(([, views]) => views.length < 2)
      .map(([key]) => `Cart ${key} was read in one region only.`);
    return {
      findings: [...[...byKey].flatMap(([key, views]) => unequal(key, views)), ...lastStands(input.history, byKey)],
      missing: [...alone, ...neverRead(input.history, byKey)],
      figures: { carts: byKey.size },
    };
  });
}

function groupViews(views: readonly CartView[]): ReadonlyMap<string, readonly CartView[]> {
  const groups = new Map<string, CartView[]>();
  for (const view of views) groups.set(view.key, [...(groups.get(view.key) ?? []), view]);
  return groups;
}

function unequal(key: string, views: readonly CartView[]): readonly Finding[] {
  const contents = new Set(views.map((view) => describe(view)));
  if (contents.size <= 1) return [];
  const shown = views.map((view) => `${view.region}: ${describe(view)}`).join('; ');
  return [{ rule: 'carts-differ', message: `Cart ${key} differs between regions: ${shown}.`, lines: [] }];
}

/** An article with quantity 0 is an article that is not there. */
function describe(view: CartView): string {
  const items = Object.entries(view.items).filter(([, quantity]) => quantity !== 0);
  return JSON.stringify(items.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function lastStands(history: History, views: ReadonlyMap<string, readonly CartView[]>): readonly Finding[] {
  return [...writesByArticle(history)].flatMap(([article, writes]) => {
    const cart = cartOf(article);
    const sku = article.slice(cart.length + 1);
    return (views.get(cart) ?? []).flatMap((view) => judgeArticle({ article, writes, view, sku }));
  });
}

function judgeArticle(options: {
  article: string;
  writes: readonly Call[];
  view: CartView;
  sku: string;
}): readonly Finding[] {
  const { article, writes, view, sku } = options;
  const quantity = view.items[sku] ?? 0;
  // Putting 0 takes the article out, so both are one value.
  const found = quantity === 0 && !writes.some((write) => write.asked === 0) ? null : quantity;
  const judged = judgeRegister({ writes, found });
  if (judged.kind === 'explained' && judged.lost.length === 0) return [];
  const mergeable = mergedQuantities(writes);
  if (mergeable === 'any' || mergeable.has(quantity)) return [];
  if (judged.kind === 'unexplained') {
    const why = judged.refusedWriter ? 'a refused write' : 'nobody';
    const message = `${article} stands at ${quantity} in ${view.region}, written by ${why}.`;
    return [{ rule: 'cart-of-nobody', message, lines: [] }];
  }
  return judged.lost.slice(-1).map((call) => ({
    rule: 'cart-write-lost',
    message: `${article} stands at ${quantity} in ${view.region}; ${JSON.stringify(call.asked)} was acknowledged after that.`,
    lines: [call.line],
  }));
}

/** Articles written by one client, in carts that were never checked out. */
function writesByArticle(history: History): ReadonlyMap<string, readonly Call[]> {
  const checkedOut = new Set(history.calls.filter((call) => call.op === 'checkout').map((call) => call.key));
  const writes = new Map<string, Call[]>();
  for (const call of history.calls) {
    if (call.op !== 'cart.put' || checkedOut.has(cartOf(call.key))) continue;
    const group = writes.get(call.key);
    if (group) group.push(call);
    else writes.set(call.key, [call]);
  }
  return new Map([...writes].filter(([, calls]) => new Set(calls.map((call) => call.client)).size === 1));
}

function neverRead(history: History, views: ReadonlyMap<string, unknown>): readonly string[] {
  const unread = new Set<string>();
  for (const [article, calls] of writesByArticle(history)) {
    if (calls.some(isOk) && !views.has(cartOf(article))) unread.add(cartOf(article));
  }
  return [...unread].map((cart) => `Cart ${cart} was written and never read after the heal.`);
}

/** `<tenant>/<cart>/<sku>` → `<tenant>/<cart>`. */
function cartOf(article: string): string {
  return article.slice(0, article.lastIndexOf('/'));
}
