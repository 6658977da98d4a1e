/**
 * The provider's ledger and its behaviour in a table: an entry a row, put on condition that its place is free, so that one order
 * of all attempts comes about without transactions (a global table with strong consistency has none). One entry at a time:
 * about ten a second between regions, which is what a sample provider is asked.
 */
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Item, Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { BehaviourStore } from './app.ts';
import { type Behaviour, parseBehaviour, wellBehaved } from './behaviour.ts';
import type { ChargeEntry } from './charge-book.ts';
import type { EntryLog } from './charge-log.ts';

const LEDGER = 'LEDGER';
const BEHAVIOUR = { pk: 'BEHAVIOUR', sk: 'BEHAVIOUR' } as const;
const CALL_MS_MAX = 2_000;
const PAGE_ENTRIES = 500;
/** Of one reading from the beginning: more than any drill makes. */
const ENTRIES_MAX = 200_000;
/** Digits of a place, so that rows sort by number. */
const PLACE_DIGITS = 9;

const place = (seq: number) => String(seq).padStart(PLACE_DIGITS, '0');

export interface ProviderTable {
  readonly table: Table;
  readonly clock: Clock;
}

export class TableLog implements EntryLog {
  readonly #o: ProviderTable;

  constructor(options: ProviderTable) {
    this.#o = options;
  }

  async after(seq: number, limit = ENTRIES_MAX): Promise<readonly ChargeEntry[]> {
    const entries: ChargeEntry[] = [];
    let after: string | null = place(seq);
    while (after !== null && entries.length < limit) {
      const page = Math.min(PAGE_ENTRIES, limit - entries.length);
      const found = await this.#o.table.query(LEDGER, { ...within(this.#o.clock), after, limit: page });
      entries.push(...found.items.map(toEntry));
      after = found.next;
    }
    return entries;
  }

  async place(entry: ChargeEntry): Promise<boolean> {
    const { seq, ...told } = entry;
    const item: Item = { pk: LEDGER, sk: place(seq), ...told };
    const result = await this.#o.table.write({ kind: 'put', item, when: { kind: 'absent' } }, within(this.#o.clock));
    return result.outcome === 'done';
  }
}

/** One behaviour for all processes of the provider. */
export function tableBehaviour({ table, clock }: ProviderTable): BehaviourStore {
  return {
    read: async () => {
      const item = await table.get(BEHAVIOUR, within(clock));
      return item === null ? wellBehaved : parseBehaviour(JSON.parse(String(item.body)));
    },
    write: async (behaviour: Behaviour) => {
      const item = { ...BEHAVIOUR, body: JSON.stringify(behaviour) };
      await table.write({ kind: 'put', item }, within(clock));
    },
  };
}

function within(clock: Clock): CallBounds {
  return { deadlineAtMs: clock.monotonicMs() + CALL_MS_MAX };
}

function toEntry(item: Item): ChargeEntry {
  return {
    seq: Number(item.sk),
    key: String(item.key),
    orderId: String(item.orderId),
    amountCents: Number(item.amountCents),
    status: String(item.status) as ChargeEntry['status'],
    atMs: Number(item.atMs),
  };
}
