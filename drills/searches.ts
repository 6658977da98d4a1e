/** Customers who search, in every cell and through every router, while something is done to what a search stands on. */
import type { Lab } from './lab.ts';
import { oneOfEachCell } from './workload/entry.ts';
import { membersOf } from './workload/product.ts';
import { type ReadAnswer, RepeatedReads } from './workload/repeated-reads.ts';

/** So that there is something to put in order; a word that the sample catalogue does not have. */
const PRODUCTS = ['drill ladle', 'ladle of tea'];
const DEADLINE_MS = 2_000;

/** Begins to search once there is something to be found in each cell. Throws when that can't be put there. */
export async function searching(lab: Lab): Promise<RepeatedReads> {
  const { http, clock, recorder, sight } = lab;
  const tenants = oneOfEachCell(lab.tenants);
  const routers = Object.values(sight.routers);
  for (const tenant of tenants) {
    for (const [index, title] of PRODUCTS.entries()) {
      const outcome = await http.send({
        ...{ origin: routers[0] ?? '', method: 'PUT', path: `/products/found-${index}`, deadlineMs: DEADLINE_MS },
        headers: { authorization: `Bearer ${tenant.token}`, 'idempotency-key': `found-${tenant.id}-${index}` },
        body: { title },
      });
      if (outcome.type !== 'ok') throw new Error(`${tenant.cell} takes no product: ${outcome.status} ${outcome.code}.`);
    }
  }
  return new RepeatedReads({
    http,
    clock,
    nowMs: () => recorder.nowMs(),
    tenants,
    routers,
    path: '/products/search?q=ladle',
  });
}

/** In every cell each of them was answered, with all that there is. */
export function expectSearches(
  lab: Lab,
  { searches, window }: { readonly searches: RepeatedReads; readonly window: { fromMs: number; toMs: number } },
): void {
  for (const { cell } of oneOfEachCell(lab.tenants)) {
    const all = searches.within(cell, window);
    const wrong = all.filter((answer) => !isWhole(answer));
    lab.mark('judge', `${all.length - wrong.length} of ${all.length} searches answered in full`, { cell });
    const outcome = wrong[0]?.outcome;
    const otherwise = `${cell} did not answer ${wrong.length} of ${all.length} searches in full: ${outcome?.status} ${JSON.stringify(outcome?.body ?? null)}.`;
    lab.notes.expectations.push({ held: all.length > 0 && wrong.length === 0, otherwise });
  }
}

export function isWhole({ outcome }: Pick<ReadAnswer, 'outcome'>): boolean {
  const { products } = membersOf(outcome.body);
  return outcome.type === 'ok' && Array.isArray(products) && products.length === PRODUCTS.length;
}
