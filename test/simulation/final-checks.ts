/**
 * What must hold once everything was healed and left in peace. Liveness: one owner, nothing under way, journals empty, both
 * stores alike. Nothing vanished: every commit that ever stood is in the final line, in a quarantine (not in both once the
 * owner has looked) or in the audit of reconciliation, which says so only of what was done; what was acknowledged as
 * replicated is in the line; a key was carried out once.
 */
import { failoverKey } from '../../cell/lease/abandonment.ts';
import { journalShards } from '../../cell/replication/journal.ts';
import {
  aggregateKey,
  fenceKey,
  headKey,
  ITEM_PREFIX,
  journalPk,
  outboxPk,
  QUARANTINE,
  quarantineKey,
  RECONCILED,
  reconciledKey,
  toHead,
} from '../../cell/store/table-layout.ts';
import { type Item, QUERY_LIMIT_MAX } from '../../cell/table/table.ts';
import { includes } from '../../core/commit.ts';
import type { AggregateId, RegionName } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { laneOf, STRICT_AGGREGATES } from './clients.ts';
import { entryOf, LOG_ITEM, namesIn, openOf } from './log.ts';
import type { Oracle } from './oracle.ts';
import { CELL, EAST, peerOf, REGIONS, WEST } from './schedule.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

const REPLICATED_ROWS = /^(AGG|OUTBOX)#/;
const EVERY_ROW = { limit: Number.POSITIVE_INFINITY };

/** What is still missing for peace, the first thing only; `null` when there is peace. */
export function unrest(world: World, oracle: Oracle): string | null {
  // Late effects (a request that is still under way, a duplicate) have their turn before the end is judged.
  if (world.late.underWay > 0) return `${world.late.underWay} requests from before the heal are under way`;
  const active = REGIONS.filter((region) => oracle.believesActive(region));
  if (active.length !== 1) return `${active.length} regions are active`;
  // A close that came late: the owner has not met it yet, and may have to wait for the record to run out.
  for (let shard = 0; shard < world.schedule.fenceShards; shard++) {
    const fence = world.storeOf(active[0] ?? EAST).table.peek(fenceKey(shard));
    if (fence?.active !== active[0]) return `shard ${shard} of the owner's store is for ${fence?.active ?? 'nobody'}`;
  }
  // A record that nobody resumes stays; it must not keep the cell from working.
  const running = world.store('arbiter').table.peek(failoverKey(CELL))?.state === 'running';
  if (running && world.schedule.resumed) return 'a failover is running';
  for (const region of REGIONS) {
    const entry = journaled(world, region);
    if (entry) return `the journal of ${region} is not empty, one entry is ${entry.sk}`;
  }
  const differing = difference(world);
  return differing === null ? null : `the stores differ: ${differing}`;
}

/** The first entry of a region's journal that must not be there any more. */
function journaled(world: World, region: RegionName): Item | null {
  const { table } = world.storeOf(region);
  const { hasty = false } = world.schedule;
  for (const shard of journalShards) {
    const { items } = table.query(journalPk(shard), { limit: hasty ? QUERY_LIMIT_MAX : 1 });
    const left = items.find((item) => !(hasty && arrived(world, peerOf(region), item)));
    if (left) return left;
  }
  return null;
}

/** The journal's entry is in that region's line, or was set aside there, or what was set aside has been settled. */
function arrived(world: World, region: RegionName, { sk }: Item): boolean {
  const { table } = world.storeOf(region);
  // Looked at so often that the key has to do, which says all of it; the row has the whole commit.
  const [aggregate = '', epoch, version] = sk.split('#');
  const head = toHead(table.peek(headKey(aggregate as AggregateId)));
  if (includes(head, { epoch: Number(epoch), version: Number(version) })) return true;
  return table.peek(quarantineKey(sk)) !== null || table.peek(reconciledKey(sk)) !== null;
}

/** The name of a cell's process that does not run; `null`: all do. */
export function asleep(world: World): string | null {
  return [...world.cells.values()].find(({ process }) => !process.running)?.process.name ?? null;
}

/** The first row that the stores should share and don't. */
function difference(world: World): string | null {
  const [east, west] = [world.storeOf(EAST).table, world.storeOf(WEST).table];
  for (const pk of new Set([...east.tableKeys(), ...west.tableKeys()])) {
    if (!REPLICATED_ROWS.test(pk)) continue;
    const [here, there] = [east.query(pk, EVERY_ROW).items, west.query(pk, EVERY_ROW).items];
    for (let at = 0; at < Math.max(here.length, there.length); at++) {
      const [one, other] = [here[at] ?? null, there[at] ?? null];
      if (same(one, other)) continue;
      return `${pk} has ${JSON.stringify(one)} in the east where it has ${JSON.stringify(other)} in the west`;
    }
  }
  return null;
}

function same(a: Item | null, b: Item | null): boolean {
  if (a === b || a === null || b === null) return a === b;
  for (const name in a) if (a[name] !== b[name]) return false;
  return Object.keys(a).length === Object.keys(b).length;
}

/** What stands in the line and waits in a quarantine: the owner's reconciliation finds it there. `null`: nothing does. */
export function unsettled(world: World, oracle: Oracle): string | null {
  for (const entry of entriesUnder(world, QUARANTINE)) {
    const { aggregate } = oracle.stood.get(entry) ?? {};
    if (aggregate && oracle.logHas({ region: EAST, aggregate, entry }))
      return `${entry} waits in quarantine and is in the line`;
  }
  return null;
}

/** Safety at the end; throws the first violation. */
export function checkEnd(world: World, oracle: Oracle): void {
  const line = new Set<string>();
  const carriedOut = new Map<string, string>();
  for (const aggregate of [...STRICT_AGGREGATES, ...REGIONS.map(laneOf)]) {
    for (const entry of namesIn(oracle.logOf(EAST, aggregate))) {
      const operation = operationOf(entry);
      const other = carriedOut.get(operation);
      if (other !== undefined)
        throw new Violation('done-twice', `${operation} was carried out by ${other} and ${entry}`);
      carriedOut.set(operation, entry);
      line.add(entry);
    }
    checkOutbox(world, aggregate);
  }
  const setAside = entriesUnder(world, QUARANTINE);
  const settled = entriesUnder(world, RECONCILED);
  if (setAside.size > 0) world.saw('commit set aside');
  if (settled.size > 0) world.saw('commit taken in again');
  for (const { entry, aggregate, epoch, version, region } of oracle.stood.values()) {
    if (line.has(entry) || setAside.has(entry)) continue;
    const where = `${entry} (${aggregate} ${epoch}.${version} of ${region})`;
    if (!settled.has(entry)) throw new Violation('vanished', where);
    // Nobody discards here: what was settled is in the line, or its client's repeat is, or what took it in waits itself.
    if (!carriedOut.has(operationOf(entry))) throw new Violation('settled-for-nothing', where);
  }
  for (const { invocation, receipt } of oracle.acknowledgements) {
    const { entry, operation } = invocation;
    const where = `${entry} (${operation.aggregate} ${receipt.epoch}.${receipt.version})`;
    if (!oracle.stood.has(entry)) throw new Violation('acknowledged-nothing', where);
    if (line.has(entry)) continue;
    if (operation.lane) throw new Violation('lane-lost', where);
    if (receipt.ack === 'replicated') throw new Violation('replicated-lost', where);
  }
}

const operationOf = (entry: string) => entry.slice(0, entry.indexOf('/'));

/** The entry that each commit under this table key added to its log, in either store. */
function entriesUnder(world: World, pk: string): ReadonlySet<string> {
  const items = REGIONS.flatMap((region) => world.storeOf(region).table.query(pk, EVERY_ROW).items);
  return new Set(items.flatMap((item) => entryOf(item) ?? []));
}

/** The messages that wait are those that the aggregate says are open. */
function checkOutbox(world: World, aggregate: AggregateId): void {
  const prefix = `${aggregate}#`;
  const ofAggregate = { limit: Number.POSITIVE_INFINITY, prefix };
  for (const region of REGIONS) {
    const { table } = world.storeOf(region);
    const log = table.peek({ pk: aggregateKey(aggregate), sk: ITEM_PREFIX + LOG_ITEM });
    const open = log ? openOf(JSON.parse(String(log.data)) as JsonObject) : [];
    const waiting: string[] = [];
    for (const shard of journalShards) {
      for (const { sk } of table.query(outboxPk(shard), ofAggregate).items) waiting.push(sk.slice(prefix.length));
    }
    if ([...open].sort().join() !== waiting.sort().join()) {
      throw new Violation(
        'outbox',
        `${aggregate} in ${region}: open are ${open.join()}, waiting are ${waiting.join()}`,
      );
    }
  }
}
