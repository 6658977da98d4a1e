/**
 * Reads what is there after the heal. Order matters: orders come to their end first, then replication drains, then the stores
 * are dumped and the carts of both regions read, and only then are calls of unknown outcome repeated: a repeat changes what
 * stands (it empties a cart, in one region first).
 */
import type { Clock } from '../../core/clock.ts';
import type { Json } from '../../core/json.ts';
import type { Call, History } from '../history/call.ts';
import type { CartView, CellEndState, EndState, FinalRead } from '../history/end-state.ts';
import type { PlatformPort, PlatformSight } from '../ports/platform-port.ts';
import type { Entry, Tenant } from '../workload/entry.ts';
import type { HttpClient } from '../workload/http-client.ts';
import type { Outcome } from '../workload/outcome.ts';
import { itemsOf, membersOf, type ProductCall } from '../workload/product.ts';
import { inParallel } from './in-parallel.ts';
import { readLedger } from './ledger.ts';
import { dumpTable, type TableDump } from './table-dump.ts';

export interface EndStateOptions {
  readonly platform: PlatformPort;
  readonly entry: Entry;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly history: History;
  readonly tenants: readonly Tenant[];
  /** Owner and epoch of a cell by its newest acknowledgement. */
  readonly ownerOf: (cell: string) => { readonly region: string; readonly epoch: number } | null;
  readonly onProgress: (text: string) => void;
}

export interface ReadEndState {
  readonly end: EndState;
  /** How long replication took to drain; `null`: it did not within `DRAIN_MS_MAX`. */
  readonly drainedAfterMs: number | null;
  /** What became of checkouts of unknown outcome when they were repeated under their own key. */
  readonly repeats: { readonly asked: number; readonly answered: number };
}

/** A page of journal is shipped in milliseconds; what has not drained after this will not. */
export const DRAIN_MS_MAX = 20_000;
const SETTLE_MS_MAX = 20_000;
const POLL_MS = 200;
const READ_DEADLINE_MS = 2_000;
const READ_TRIES = 5;

export async function readEndState(options: EndStateOptions): Promise<ReadEndState> {
  const { history, onProgress } = options;
  const sight = await options.platform.view();
  onProgress('waiting for orders to come to their end');
  const orders = await readOrders(options, ordersOf(history));
  onProgress('waiting for replication to drain');
  const drained = await drain(options, sight);
  onProgress('reading everything back');
  const finals = await readStock(options);
  const carts = await readCarts(options, sight);
  const repeated = await repeatUnknown(options);
  const ledger = await readLedger(options.http, sight.payments);
  // After the ledger: whatever was charged belongs to an order that stands by now, also of calls that were just repeated.
  const later = await dumpAll(options, sight);
  const end: EndState = {
    cells: cellStates(options, { sight, dumps: drained.dumps, later }),
    finals: [...finals, ...orders, ...repeated.orders],
    carts,
    ledger,
  };
  return { end, drainedAfterMs: drained.afterMs, repeats: { asked: repeated.asked, answered: repeated.orders.length } };
}

interface Named {
  readonly tenant: Tenant;
  readonly name: string;
}

function tenantOf(options: EndStateOptions, key: string): Tenant | undefined {
  return options.tenants.find((tenant) => tenant.id === key.slice(0, key.indexOf('/')));
}

function ordersOf(history: History): readonly string[] {
  return history.calls.flatMap((call) => {
    if (call.op !== 'checkout' || call.outcome !== 'ok') return [];
    const { order } = membersOf(call.value);
    return typeof order === 'string' ? [`${call.key.split('/')[0]}/${order}`] : [];
  });
}

async function readOrders(options: EndStateOptions, keys: readonly string[]): Promise<readonly FinalRead[]> {
  const untilMs = options.clock.monotonicMs() + SETTLE_MS_MAX;
  const reads = await inParallel([...new Set(keys)], async (key) => {
    for (;;) {
      const read = await finalRead(options, { of: 'order', key, op: 'order.get' });
      const pending = membersOf(read?.found ?? null).status === 'PENDING';
      if (!pending || options.clock.monotonicMs() >= untilMs) return read;
      await options.clock.sleep(POLL_MS);
    }
  });
  return reads.filter((read) => read !== null);
}

async function readStock(options: EndStateOptions): Promise<readonly FinalRead[]> {
  const keys = new Set(options.history.calls.filter((call) => call.op === 'stock.put').map((call) => call.key));
  const reads = await inParallel([...keys], (key) => finalRead(options, { of: 'stock', key, op: 'stock.get' }));
  return reads.filter((read) => read !== null);
}

/** `null` when nobody would say: the checkers then miss it. */
async function finalRead(
  options: EndStateOptions,
  of: { readonly of: 'stock' | 'order'; readonly key: string; readonly op: 'stock.get' | 'order.get' },
): Promise<FinalRead | null> {
  const tenant = tenantOf(options, of.key);
  if (!tenant) return null;
  const name = of.key.slice(of.key.indexOf('/') + 1);
  const outcome = await readThrough(options, { tenant, name }, of.op);
  if (outcome === null) return null;
  return { of: of.of, key: of.key, cell: tenant.cell, found: foundOf(of.of, outcome) };
}

function foundOf(of: 'stock' | 'order', outcome: Outcome): Json {
  if (outcome.type !== 'ok') return null;
  const { available, status, totalCents } = membersOf(outcome.body);
  return of === 'stock' ? (available ?? null) : { status: status ?? null, totalCents: totalCents ?? null };
}

/** An answer, or "there is none"; `null` after `READ_TRIES` others. */
async function readThrough(options: EndStateOptions, of: Named, op: ProductCall['op']): Promise<Outcome | null> {
  for (let attempt = 0; attempt < READ_TRIES; attempt++) {
    const region = options.entry.regions[attempt % options.entry.regions.length] ?? '';
    const call = { op, tenant: of.tenant.id, name: of.name, value: null };
    const outcome = await options.entry.send({ tenant: of.tenant, call, region, deadlineMs: READ_DEADLINE_MS });
    if (outcome.type === 'ok' || outcome.status === 404) return outcome;
    await options.clock.sleep(POLL_MS);
  }
  return null;
}

/** Beside the judged history: whether a repeat under the same key, after all is healed, makes a second order or charge. */
async function repeatUnknown(options: EndStateOptions): Promise<{ asked: number; orders: readonly FinalRead[] }> {
  const unknown = options.history.calls.filter((call) => call.op === 'checkout' && call.outcome === 'info');
  const keys = await inParallel(unknown, (call) => repeat(options, call));
  const orders = await readOrders(
    options,
    keys.filter((key) => key !== null),
  );
  return { asked: unknown.length, orders };
}

async function repeat(options: EndStateOptions, unknown: Call): Promise<string | null> {
  const tenant = tenantOf(options, unknown.key);
  if (!tenant) return null;
  const name = unknown.key.slice(unknown.key.indexOf('/') + 1);
  const call = { op: 'checkout' as const, tenant: tenant.id, name, value: null };
  const region = options.entry.regions[0] ?? '';
  const outcome = await options.entry.send({ tenant, call, region, id: unknown.id, deadlineMs: READ_DEADLINE_MS * 2 });
  const { order } = membersOf(outcome.body);
  return typeof order === 'string' ? `${tenant.id}/${order}` : null;
}

/** Each region's own host is asked, because a router would ask the owner twice. `null` when a host would not say. */
async function readCarts(options: EndStateOptions, sight: PlatformSight): Promise<readonly CartView[] | null> {
  const puts = options.history.calls.filter((call) => call.op === 'cart.put');
  const keys = [...new Set(puts.map((call) => call.key.slice(0, call.key.lastIndexOf('/'))))];
  const wanted = keys.flatMap((key) => {
    const tenant = tenantOf(options, key);
    const hosts = sight.processes.filter((process) => process.kind === 'cell' && process.cell === tenant?.cell);
    return tenant ? hosts.map((host) => ({ key, tenant, host })) : [];
  });
  const views = await inParallel(wanted, async ({ key, tenant, host }): Promise<CartView | null> => {
    const call = { op: 'cart.get' as const, tenant: tenant.id, name: key.slice(key.indexOf('/') + 1), value: null };
    const outcome = await options.entry.sendDirect({ tenant, call, host, deadlineMs: READ_DEADLINE_MS });
    if (outcome.type !== 'ok') return null;
    return { key, region: host.region ?? 'unnamed', items: itemsOf(outcome.body) };
  });
  const read = views.filter((view) => view !== null);
  return read.length < views.length ? null : read;
}

type Dumps = ReadonlyMap<string, TableDump | null>;

/** Until no journal holds anything, twice in a row: the first time something may be between two stores. */
async function drain(
  options: EndStateOptions,
  sight: PlatformSight,
): Promise<{ dumps: Dumps; afterMs: number | null }> {
  const beganMs = options.clock.monotonicMs();
  let empty = 0;
  for (;;) {
    const dumps = await dumpAll(options, sight);
    const known = [...dumps.values()].filter((dump) => dump !== null);
    const done = known.every((dump) => dump.journalPending === 0 && isSettled(dump) && !waitsInVain(dump, known));
    const quiet = known.length === dumps.size && done;
    empty = quiet ? empty + 1 : 0;
    const afterMs = options.clock.monotonicMs() - beganMs;
    if (empty >= 2) return { dumps, afterMs };
    if (afterMs > DRAIN_MS_MAX) return { dumps, afterMs: null };
    await options.clock.sleep(POLL_MS);
  }
}

/** Set aside and in the line after all: the owner's reconciliation, which sees to that, has not looked yet. */
function waitsInVain({ quarantine }: TableDump, dumps: readonly TableDump[]): boolean {
  const aggregates = dumps.flatMap((dump) => dump.aggregates);
  return quarantine.some(({ aggregate, epoch, version }) =>
    aggregates.some(
      (other) =>
        other.aggregate === aggregate && other.lineage.some((line) => line.epoch === epoch && line.version >= version),
    ),
  );
}

/** A confirmed order that is not settled yet will change the stock; a pending one was waited for before. */
function isSettled({ orders }: TableDump): boolean {
  return orders.every(({ status, settled }) => status !== 'CONFIRMED' || settled);
}

async function dumpAll(options: EndStateOptions, sight: PlatformSight): Promise<Dumps> {
  const tenants = new Set(options.tenants.map((tenant) => tenant.id));
  const cells = new Set(options.tenants.map((tenant) => tenant.cell));
  const dumps = new Map<string, TableDump | null>();
  for (const { name, kind, cell, region, url: storeUrl } of sight.processes) {
    if (kind !== 'store' || cell === undefined || region === undefined || storeUrl === null || !cells.has(cell))
      continue;
    // A store that can't be read is missing evidence, and the checkers say so.
    const dump = await dumpTable({ http: options.http, storeUrl, cell, region, tenants }).catch(() => null);
    dumps.set(name, dump);
  }
  return dumps;
}

function cellStates(
  options: EndStateOptions,
  of: { sight: PlatformSight; dumps: Dumps; later: Dumps },
): readonly CellEndState[] {
  const cells = [...new Set(options.tenants.map((tenant) => tenant.cell))].sort();
  return cells.map((cell) => {
    const owner = options.ownerOf(cell);
    const stores = of.sight.processes.filter((process) => process.kind === 'store' && process.cell === cell);
    const from =
      (dumps: Dumps) =>
      <T>(part: (dump: TableDump) => readonly T[]): readonly T[] | null => {
        const all = stores.map((store) => dumps.get(store.name) ?? null);
        const whole = all.length > 0 && all.every((dump) => dump !== null);
        return whole ? all.flatMap((dump) => part(dump)) : null;
      };
    const collect = from(of.dumps);
    const journals = stores.map(
      (store) => [store.region ?? '', of.dumps.get(store.name)?.journalPending ?? 0] as const,
    );
    const orderNames = from(of.later)((dump) => dump.orderNames);
    return {
      cell,
      owner: owner?.region ?? 'unknown',
      epoch: owner?.epoch ?? 0,
      aggregates: collect((dump) => dump.aggregates),
      quarantine: collect((dump) => dump.quarantine),
      reconciled: collect((dump) => dump.reconciled),
      stock: collect((dump) => dump.stock),
      orders: collect((dump) => dump.orders),
      orderNames: orderNames && [...new Set(orderNames)],
      journalPending: collect((dump) => [dump.journalPending]) && Object.fromEntries(journals),
    };
  });
}
