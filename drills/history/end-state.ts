/**
 * What was there after the heal, as plain data: what clients could read, and what the stores held. Judged together with
 * the history; written to `end-state.json` beside it, so that an outside checker has the same evidence. A part that could
 * not be read is `null`, and the checkers that need it say unknown.
 */
import type { Json } from '../../core/json.ts';

/** What a client read after the heal under a key of the history; `found: null` when nothing is there. */
export interface FinalRead {
  readonly of: 'stock' | 'order' | 'cart';
  readonly key: string;
  readonly cell: string;
  readonly found: Json;
}

/** A merged cart as one region shows it: sku → quantity. */
export interface CartView {
  readonly key: string;
  readonly region: string;
  readonly items: Readonly<Record<string, number>>;
}

/** A charge at the payment provider, by its own ledger. */
export interface LedgerCharge {
  readonly charge: string;
  readonly order: string;
  /** The idempotency key that the charge was made under. */
  readonly key: string;
  readonly amountCents: number;
  readonly state: 'captured' | 'voided' | 'declined';
}

/** An aggregate as one region's store holds it. */
export interface AggregateDump {
  readonly region: string;
  readonly aggregate: string;
  readonly epoch: number;
  readonly version: number;
  /** A digest of the items, or the items themselves; equal if and only if the contents are. */
  readonly contents: string;
  /** Up to which version each epoch wrote: what this copy's line includes. */
  readonly lineage: readonly { readonly epoch: number; readonly version: number }[];
}

/** A commit that a store keeps apart because its epoch was below the fence. */
export interface QuarantineDump {
  readonly region: string;
  readonly aggregate: string;
  readonly epoch: number;
  readonly version: number;
  readonly fenceEpoch: number;
  /** The idempotency key of the write; `null` when the commit carried none. */
  readonly id: string | null;
  /** What the commit would have written, in the history's terms; `null` when it is of no operation of the history. */
  readonly write: { readonly of: 'stock' | 'order'; readonly key: string; readonly value: Json } | null;
}

/** A commit that was in quarantine and has been settled: the audit line that says what became of it. */
export interface ReconciledDump extends Omit<QuarantineDump, 'fenceEpoch' | 'epoch' | 'version'> {
  readonly action: 'adopted' | 'merged' | 'discarded' | 'superseded';
  readonly by: string;
  /** Of the commit that took it in; `null`: discarded. */
  readonly epoch: number | null;
  readonly version: number | null;
}

/** One region's stock of a product. `reservations`: pieces by order. */
export interface StockDump {
  readonly region: string;
  readonly key: string;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  readonly stocked: number;
  readonly reservations: Readonly<Record<string, number>>;
}

/** One region's copy of an order. */
export interface OrderDump {
  readonly region: string;
  readonly key: string;
  readonly status: string;
  /** Its stock is sold, or given back: nothing is left to do. */
  readonly settled: boolean;
  /** The idempotency key that it was placed under. */
  readonly id: string;
  readonly totalCents: number;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}

export interface CellEndState {
  readonly cell: string;
  readonly owner: string;
  readonly epoch: number;
  /** Fenced aggregates of both regions. `null`: the stores could not be read. */
  readonly aggregates: readonly AggregateDump[] | null;
  readonly quarantine: readonly QuarantineDump[] | null;
  /** What left the quarantine; absent in files written before there was a way out of it. */
  readonly reconciled?: readonly ReconciledDump[] | null;
  /** `null`, here and below: the stores could not be read. */
  readonly stock?: readonly StockDump[] | null;
  readonly orders?: readonly OrderDump[] | null;
  /** Orders of all tenants, without the tenant, in either region; read after the ledger, so that each charge's order is there. */
  readonly orderNames?: readonly string[] | null;
  /** Journal entries not yet applied at the peer, per region. */
  readonly journalPending: Readonly<Record<string, number>> | null;
}

export interface EndState {
  readonly cells: readonly CellEndState[];
  readonly finals: readonly FinalRead[];
  readonly carts: readonly CartView[] | null;
  readonly ledger: readonly LedgerCharge[] | null;
}
