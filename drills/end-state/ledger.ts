/** The payment provider's ledger, page by page, folded to charges: an entry per attempt → a charge per capture. */
import type { Json } from '../../core/json.ts';
import type { LedgerCharge } from '../history/end-state.ts';
import type { HttpClient } from '../workload/http-client.ts';
import { membersOf } from '../workload/product.ts';

const PAGES_MAX = 1_000;
const PAGE_DEADLINE_MS = 3_000;

/** `null` when the provider does not answer. */
export async function readLedger(http: HttpClient, paymentsUrl: string): Promise<readonly LedgerCharge[] | null> {
  const entries: Json[] = [];
  let after = 0;
  for (let page = 0; page < PAGES_MAX; page++) {
    const path = `/charges?after=${after}`;
    const request = { origin: paymentsUrl, method: 'GET', path, headers: {}, body: null } as const;
    const outcome = await http.send({ ...request, deadlineMs: PAGE_DEADLINE_MS });
    const { entries: more, next } = membersOf(outcome.body);
    if (outcome.type !== 'ok' || !Array.isArray(more)) return null;
    if (more.length === 0) return chargesOf(entries);
    entries.push(...more);
    after = Number(next);
  }
  return null;
}

/** Only captures move money and only a void gives it back, whatever else was attempted. Each capture is one charge. */
function chargesOf(entries: readonly Json[]): readonly LedgerCharge[] {
  const voided = new Set(
    entries
      .map(membersOf)
      .filter((entry) => entry.status === 'voided')
      .map((entry) => String(entry.key)),
  );
  return entries
    .map(membersOf)
    .filter((entry) => entry.status === 'captured')
    .map((entry) => ({
      charge: `ledger entry ${entry.seq}`,
      order: String(entry.orderId),
      key: String(entry.key),
      amountCents: Number(entry.amountCents),
      state: voided.has(String(entry.key)) ? 'voided' : 'captured',
    }));
}
