/**
 * Long because every invariant that holds at each step is judged from the same few observations.
 *
 * Judges what happens while it happens, by true time and by what stands in the stores, which no process can see. Safety:
 *
 *   fence-falls          the epoch of a fence shard never falls, and one epoch has one owner
 *   opened-unfenced      a region is active only after every shard of its store stood at its epoch, for it
 *   sent-without-lease   no commit is sent by a process that does not hold its epoch at that instant
 *   two-active           two regions hold the cell at once only if the store of the lower epoch is fenced above it
 *   stale-ack            once a higher epoch is open, only what its owner has is still acknowledged under a lower one
 *   late-invocation-ack  no write invoked after an acknowledgement of a higher epoch is acknowledged under a lower one
 *   alone-without-lease  what is acknowledged alone is so by a region that renewed its lease since the peer last answered it
 *   double-version       one (aggregate, epoch, version) is acknowledged for one commit
 *   owner-overwritten    in the owner's own store an aggregate moves by commits only, one version at a time
 *   wrong-repair         a store's aggregate moves otherwise only to a state that the other store has had
 *   stale-write          no commit takes effect in a store whose fence is above its epoch
 *   repair-undid         a repair takes nothing away that the owner's line has
 *   drained-loss         what was acknowledged before a planned move, or a drained one, is at the successor when it is released
 *   lease-usurped        a released lease is taken by its successor, or by the releaser after the wait
 *   frozen-holder        a region whose store has taken nothing for a lease does not go on renewing
 *   hint-back, -wrong    a router's ownership never goes back, and names the region that got the epoch (sim-router.ts)
 *   record-overwritten   a failover's record moves one version at a time
 */

import { failoverKey } from '../../cell/lease/abandonment.ts';
import {
  fenceKey,
  HEAD,
  IDEMPOTENCY_PREFIX,
  ITEM_PREFIX,
  journalPk,
  RECONCILED,
  toHead,
  toReconciled,
} from '../../cell/store/table-layout.ts';
import { keyOf } from '../../cell/table/memory-rows.ts';
import type { Item, TableWrite } from '../../cell/table/table.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { type CommitReceipt, includes, LINEAGE_LENGTH_MAX } from '../../core/commit.ts';
import { fenceShardOf } from '../../core/fence.ts';
import type { RegionName } from '../../core/ids.ts';
import { takeoverWaitMs } from '../../core/lease.ts';
import type { Operation } from './clients.ts';
import { addedTo, entryOf, has, LOG_ITEM, logOf, namesIn } from './log.ts';
import { CELL, CLOCK_RATE_DRIFT_MAX, EAST, FENCE_SHARDS, peerOf, type Schedule, WEST } from './schedule.ts';
import type { Effect } from './sim-store.ts';
import type { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

export interface Invocation {
  readonly entry: string;
  readonly operation: Operation;
  readonly region: RegionName;
  /** Name of the process that was asked. */
  readonly process: string;
  readonly atMs: number;
  /** The highest epoch under which anything had been acknowledged when it began. */
  readonly ackedEpochBefore: number;
}

export interface Acknowledgement {
  readonly invocation: Invocation;
  readonly receipt: CommitReceipt;
  readonly atMs: number;
}

export interface Stood {
  readonly entry: string;
  readonly aggregate: string;
  readonly epoch: number;
  readonly version: number;
  readonly region: RegionName;
}

interface HeadSeen {
  readonly epoch: number;
  readonly version: number;
}

const AGGREGATE_PREFIX = 'AGG#';
/** Looked at so often that even their names count. */
const LOG_SK = ITEM_PREFIX + LOG_ITEM;
const FENCES = Array.from({ length: Math.max(...FENCE_SHARDS) }, (_, shard) => fenceKey(shard));
const JOURNAL_PREFIX = journalPk(0).slice(0, -1);

export class Oracle {
  readonly #schedule: Schedule;
  readonly #trace: Trace;
  #world: World | null = null;
  /** Every commit that ever took effect in its own region's store, by log entry. */
  readonly stood = new Map<string, Stood>();
  readonly acknowledgements: Acknowledgement[] = [];
  readonly #ackedVersions = new Map<string, string>();
  readonly #states = new Map<RegionName, Map<string, (Item[string] | undefined)[]>>();
  readonly #renewedAtMs = new Map<RegionName, number>();
  readonly #renewedFrozen = new Map<RegionName, number>();
  #released: { item: Item; atMs: number } | null = null;
  #ackedEpoch = 0;
  #openEpoch = 0;
  #openIn: RegionName = EAST;
  /** Every state that a fence shard ever had, and the openings that were judged by them. */
  readonly #fencesStood = new Set<string>();
  readonly #opened = new Map<string, number>();
  /** Who got each epoch of the lease. */
  readonly #owners = new Map<number, RegionName>();
  /** Called after each acknowledgement was judged. */
  onAcknowledged: () => void = () => undefined;
  /** The first one; it ends the run. */
  violation: Violation | null = null;

  constructor(options: { schedule: Schedule; trace: Trace }) {
    this.#schedule = options.schedule;
    this.#trace = options.trace;
  }

  watch(world: World): void {
    this.#world = world;
    world.queue.afterEach = () => this.#checkStandings();
  }

  get #nowMs(): number {
    return this.#world?.queue.nowMs ?? 0;
  }

  believesActive(region: RegionName): boolean {
    return this.#world?.cellsIn(region).some(({ cell }) => cell.runtime.standing().state === 'active') ?? false;
  }

  invoked(call: Pick<Invocation, 'entry' | 'operation' | 'region' | 'process'>): Invocation {
    if (this.#trace.on) this.note(`${call.entry} ${call.operation.ack} ${call.operation.aggregate} at ${call.region}`);
    const { entry, operation, region, process } = call;
    return { entry, operation, region, process, atMs: this.#nowMs, ackedEpochBefore: this.#ackedEpoch };
  }

  refused(entry: string, error: unknown): void {
    if (!this.#trace.on) return;
    this.note(
      `${entry} refused: ${error instanceof Error ? ((error as { code?: string }).code ?? error.message) : ''}`,
    );
  }

  acknowledged(invocation: Invocation, receipt: CommitReceipt): void {
    const { entry, operation } = invocation;
    if (this.#trace.on)
      this.note(`${entry} acknowledged ${receipt.epoch}.${receipt.version} ${receipt.ack} ${receipt.degraded ?? ''}`);
    if (receipt.degraded !== null && this.#notRenewedSincePeer(invocation)) {
      this.#fail('alone-without-lease', `${entry} (${operation.aggregate} ${receipt.epoch}.${receipt.version})`);
    }
    this.acknowledgements.push({ invocation, receipt, atMs: this.#nowMs });
    if (operation.lane) return;
    this.#judgeStrict(invocation, receipt);
    this.onAcknowledged();
  }

  #judgeStrict(invocation: Invocation, receipt: CommitReceipt): void {
    const { entry, operation } = invocation;
    const name = `${operation.aggregate} ${receipt.epoch}.${receipt.version}`;
    const other = this.#ackedVersions.get(name);
    if (other !== undefined) this.#fail('double-version', `${name} was acknowledged for ${other} and for ${entry}`);
    this.#ackedVersions.set(name, entry);
    if (invocation.ackedEpochBefore > receipt.epoch) {
      const detail = `${entry} under ${receipt.epoch} was invoked after an acknowledgement under ${invocation.ackedEpochBefore}`;
      this.#fail('late-invocation-ack', detail);
    }
    // The owner of the open epoch may be the same region: there another process acknowledged what stands in its store.
    if (
      this.#openEpoch > receipt.epoch &&
      !this.logHas({ region: this.#openIn, aggregate: operation.aggregate, entry })
    ) {
      this.#fail('stale-ack', `${entry} under ${receipt.epoch} while ${this.#openEpoch} is open without it`);
    }
    this.#ackedEpoch = Math.max(this.#ackedEpoch, receipt.epoch);
  }

  #notRenewedSincePeer({ process, region }: Invocation): boolean {
    const contactMs = this.#world?.link(`${process}>store@${peerOf(region)}`).lastWriteAnswerMs ?? 0;
    return (this.#renewedAtMs.get(region) ?? 0) < contactMs;
  }

  /** The log of an aggregate as it stands in a region's store. */
  logOf(region: RegionName, aggregate: string): string {
    const key = { pk: AGGREGATE_PREFIX + aggregate, sk: LOG_SK };
    return logOf(this.#world?.storeOf(region).table.peek(key) ?? null);
  }

  logHas({ region, aggregate, entry }: { region: RegionName; aggregate: string; entry: string }): boolean {
    return has(this.logOf(region, aggregate), entry);
  }

  observe(effect: Effect): void {
    for (let index = 0; index < effect.writes.length; index++) {
      const write = effect.writes[index];
      if (write === undefined || write.kind === 'check') continue;
      const before = effect.before[index] ?? null;
      const { pk, sk } = write.kind === 'put' ? write.item : write.key;
      if (this.#trace.on) this.note(`${effect.store} ${write.kind} ${pk} ${sk}`);
      if (sk === HEAD && pk.startsWith(AGGREGATE_PREFIX)) this.#headMoved(effect, write, before);
      else if (pk.startsWith('FENCE#')) this.#fenceMoved(effect.store, write, before);
      else if (pk.startsWith('LEASE#')) this.#leaseMoved(write, before);
      else if (sk === 'CURRENT' && pk.startsWith('FAILOVER#')) this.#recordMoved(write, before);
    }
  }

  #fenceMoved(store: string, write: TableWrite, before: Item | null): void {
    if (write.kind !== 'put') {
      this.#fail('fence-falls', `${store}: a shard was deleted`);
      return;
    }
    const { epoch, active } = write.item;
    if (this.#trace.on) this.note(`${store} ${write.item.pk} at ${epoch} for ${active ?? 'nobody'}`);
    this.#fencesStood.add(`${store} ${write.item.pk} ${epoch} ${active}`);
    if (!before || Number(before.epoch) < Number(epoch)) return;
    // A closed fence may be given to the owner of its epoch; an open one never to somebody else.
    if (before.epoch === epoch && (before.active === undefined || before.active === active)) return;
    this.#fail('fence-falls', `${store} ${write.item.pk} from ${before.epoch} ${before.active} to ${epoch} ${active}`);
  }

  #leaseMoved(write: TableWrite, before: Item | null): void {
    if (write.kind !== 'put') {
      this.#fail('lease-usurped', 'the record was deleted');
      return;
    }
    const { state, epoch, holder, successor } = write.item;
    if (this.#trace.on) this.note(`lease ${state} ${epoch} ${holder} ${successor ?? ''}`);
    if (before && Number(before.epoch) > Number(epoch)) this.#fail('lease-usurped', `epoch fell to ${epoch}`);
    if (state === 'held') {
      this.#renewed(String(holder) as RegionName);
      this.#owners.set(Number(epoch), String(holder) as RegionName);
      if (before && before.epoch !== epoch) this.#ownerChanged(before, write.item);
    }
    if (state === 'released' && write.item.proof === 'fenced')
      this.#releasedFenced(Number(epoch), String(successor) as RegionName);
    const released = this.#released;
    if (released && state === 'held' && released.item.successor !== holder) {
      const waitMs = takeoverWaitMs(this.#schedule.ttlMs) / (1 + CLOCK_RATE_DRIFT_MAX);
      const waitedMs = this.#nowMs - released.atMs;
      if (waitedMs < waitMs)
        this.#fail('lease-usurped', `${holder} took it ${waitedMs.toFixed(0)} ms after its release`);
    }
    this.#released = state === 'released' ? { item: write.item, atMs: this.#nowMs } : null;
  }

  #ownerChanged(before: Item, now: Item): void {
    const world = this.#world;
    if (before.holder === now.holder) world?.saw('cell taken back by its holder');
    if (this.#owners.size > 4) world?.saw('four changes of owner');
    if (this.#owners.size > LINEAGE_LENGTH_MAX) world?.saw('more epochs than a lineage remembers');
  }

  #renewed(region: RegionName): void {
    this.#renewedAtMs.set(region, this.#nowMs);
    const frozenSinceMs = this.#world?.storeOf(region).frozenSinceMs ?? null;
    const frozenForMs = frozenSinceMs === null ? 0 : this.#nowMs - frozenSinceMs;
    const count = frozenForMs > this.#schedule.ttlMs ? (this.#renewedFrozen.get(region) ?? 0) + 1 : 0;
    this.#renewedFrozen.set(region, count);
    if (count > 1) this.#fail('frozen-holder', `${region} renews ${frozenForMs.toFixed(0)} ms after its store froze`);
  }

  /** The lease was given up on the proof of a fence: all that was acknowledged under it must be with the successor. */
  #releasedFenced(epoch: number, successor: RegionName): void {
    const item = this.#world?.store('arbiter').table.peek(failoverKey(CELL));
    const record = item ? recordOf(item) : null;
    if (record === null || (record.decision.kind === 'failover' && record.drained?.complete !== true)) return;
    for (const { invocation, receipt } of this.acknowledgements) {
      const { entry, operation } = invocation;
      if (operation.lane || receipt.epoch !== epoch) continue;
      if (this.logHas({ region: successor, aggregate: operation.aggregate, entry })) continue;
      this.#fail(
        'drained-loss',
        `${entry} (${operation.aggregate} ${epoch}.${receipt.version}) is not at ${successor}`,
      );
    }
  }

  #recordMoved(write: TableWrite, before: Item | null): void {
    const version = write.kind === 'put' ? Number(write.item.version) : 0;
    if (write.kind === 'put' && version > 1) this.#recordReplaced(before, write.item);
    if (version !== Number(before?.version ?? 0) + 1) {
      this.#fail('record-overwritten', `version ${version} over ${before?.version ?? 'none'}`);
    }
  }

  #recordReplaced(before: Item | null, now: Item): void {
    if (before?.state !== 'running' || beginningOf(before) === beginningOf(now)) return;
    if (recordOf(before).id !== recordOf(now).id) this.#world?.saw('abandoned record superseded');
  }

  #headMoved(effect: Effect, write: TableWrite, before: Item | null): void {
    const region = effect.store.slice('store@'.length) as RegionName;
    const pk = write.kind === 'put' ? write.item.pk : write.key.pk;
    const aggregate = pk.slice(AGGREGATE_PREFIX.length);
    const next = write.kind === 'put' ? revisionOf(write.item) : null;
    const previous = before ? revisionOf(before) : null;
    const row = this.#world?.store(effect.store).table.peek({ pk, sk: LOG_SK }) ?? null;
    const entries = logOf(row);
    const state = next ? `${aggregate} ${shown(next)}` : null;
    if (state !== null) this.#rememberState(region, state, row);
    this.#rememberJournaled(effect, region);
    const fence = this.#fenceOf(region, aggregate);
    const added = addedBy(effect, { pk, previous, next, entries });
    if (next && added !== null) {
      // Of a batch the oldest commit decides: its epoch was what the fence had to let in.
      const epochs = added.map((entry) => this.stood.get(entry)?.epoch ?? next.epoch);
      const lowest = added.length === 1 ? next.epoch : Math.min(...epochs);
      const stale = lowest > 0 && Number(fence?.epoch ?? 0) > lowest;
      // On nothing a repair looks like commits; but nobody repairs a store whose fence names its own region.
      const mayBeRepair = previous === null && fence?.active !== region;
      if (stale && !mayBeRepair) {
        this.#fail('stale-write', `${aggregate} ${shown(next)} in the store of ${region}, fenced at ${fence?.epoch}`);
      }
      return;
    }
    this.#checkUndone(effect, { region, aggregate, entries });
    if (fence?.active === region && this.#openEpoch === Number(fence.epoch)) {
      const detail = `${aggregate} from ${shown(previous)} to ${shown(next)} in the store of ${region}, owner at ${fence.epoch}`;
      this.#fail('owner-overwritten', detail);
    }
    if (state !== null && !this.#statesOf(peerOf(region)).get(state)?.includes(row?.data)) {
      this.#fail('wrong-repair', `${effect.store}: ${state} ${row?.data} was never in the other store`);
    }
  }

  #checkUndone(effect: Effect, now: { region: RegionName; aggregate: string; entries: string }): void {
    const { region, aggregate, entries } = now;
    const other = peerOf(region);
    if (this.#fenceOf(other, aggregate)?.active !== other) return;
    const at = effect.writes.findIndex((write) => keyOf(write).sk === LOG_SK);
    const owners = this.logOf(other, aggregate);
    const undone = namesIn(logOf(effect.before[at] ?? null)).find(
      (entry) => !has(entries, entry) && has(owners, entry) && !this.#comesAgain(effect, { entry, owner: other }),
    );
    if (undone !== undefined) this.#fail('repair-undid', `${undone} (${aggregate}) in the store of ${region}`);
  }

  /** The owner took the entry in from its quarantine, and the commit that did so has not been here yet: it is on its way. */
  #comesAgain(effect: Effect, { entry, owner }: { entry: string; owner: RegionName }): boolean {
    const at = effect.writes.findIndex((write) => keyOf(write).sk === HEAD);
    const before = toHead(effect.before[at] ?? null);
    const settled = this.#world?.storeOf(owner).table.query(RECONCILED, { limit: Number.POSITIVE_INFINITY });
    return (settled?.items ?? []).some((item) => {
      if (entryOf(item) !== entry) return false;
      const { takenInAs } = toReconciled(item);
      return takenInAs !== null && !includes(before, takenInAs);
    });
  }

  /** A transaction may hold several commits, of one aggregate too: the journal tells each. */
  #rememberJournaled({ writes }: Effect, region: RegionName): void {
    let settled = 0;
    for (const write of writes) {
      if (write.kind !== 'put') continue;
      if (write.item.pk === RECONCILED && ++settled === 2) this.#world?.saw('commits taken in together');
      if (!write.item.pk.startsWith(JOURNAL_PREFIX)) continue;
      const entry = entryOf(write.item);
      const [aggregate = '', epoch, version] = write.item.sk.split('#');
      if (entry !== null)
        this.stood.set(entry, { entry, aggregate, epoch: Number(epoch), version: Number(version), region });
    }
  }

  #rememberState(region: RegionName, name: string, row: Item | null): void {
    const states = this.#statesOf(region);
    const known = states.get(name);
    if (known === undefined) states.set(name, [row?.data]);
    else known.push(row?.data);
  }

  /** By aggregate, epoch and version, what a region's store ever had of it. */
  #statesOf(region: RegionName): Map<string, (Item[string] | undefined)[]> {
    const known = this.#states.get(region);
    if (known) return known;
    const states = new Map<string, (Item[string] | undefined)[]>();
    this.#states.set(region, states);
    return states;
  }

  #fenceOf(region: RegionName, aggregate: string): Item | null {
    const shard = fenceShardOf(aggregate as never, this.#schedule.fenceShards);
    return this.#world?.storeOf(region).table.peek(FENCES[shard] ?? fenceKey(shard)) ?? null;
  }

  /** After every turn of a cell's process, hence without a list where one will do. */
  #checkStandings(): void {
    const world = this.#world;
    if (!world) return;
    const east = this.#epochHeldAt(world, EAST);
    const west = this.#epochHeldAt(world, WEST);
    if (east > this.#openEpoch || west > this.#openEpoch) {
      this.#openEpoch = Math.max(east, west);
      this.#openIn = east > west ? EAST : WEST;
    }
    if (east === 0 || west === 0) return;
    const [lower, epoch] = east <= west ? [EAST, east] : [WEST, west];
    for (let shard = 0; shard < this.#schedule.fenceShards; shard++) {
      const fence = world.storeOf(lower).table.peek(FENCES[shard] ?? fenceKey(shard));
      if (Number(fence?.epoch ?? 0) > epoch) continue;
      this.#fail('two-active', `${EAST} under ${east} and ${WEST} under ${west}`);
    }
  }

  /** The highest of its processes; 0: none is active. */
  #epochHeldAt(world: World, region: RegionName): number {
    let highest = 0;
    const cells = world.cellsIn(region);
    for (let index = 0; index < cells.length; index++) {
      const each = cells[index];
      const standing = each?.cell.runtime.standing();
      if (standing?.state !== 'active') continue;
      const { epoch } = standing;
      if (epoch > highest) highest = epoch;
      const name = each?.process.name ?? '';
      if (this.#opened.get(name) === epoch) continue;
      this.#opened.set(name, epoch);
      this.#checkOpening({ name, region, epoch });
    }
    return highest;
  }

  /** A region may open only after every shard of its store stood at its epoch, for it. */
  #checkOpening({ name, region, epoch }: { name: string; region: RegionName; epoch: number }): void {
    for (let shard = 0; shard < this.#schedule.fenceShards; shard++) {
      if (this.#fencesStood.has(`store@${region} ${fenceKey(shard).pk} ${epoch} ${region}`)) continue;
      this.#fail('opened-unfenced', `${name} under ${epoch}: shard ${shard} of its store never stood there`);
    }
  }

  /** A process sent a commit under an epoch that it did not hold at that instant. */
  sentUnheld(process: string, epoch: number): void {
    this.#fail('sent-without-lease', `${process} sent a commit of epoch ${epoch}`);
  }

  /** By the arbiter's own history; `null`: nobody got that epoch. */
  ownerOf(epoch: number): RegionName | null {
    return this.#owners.get(epoch) ?? null;
  }

  fail(invariant: string, detail: string): void {
    this.#fail(invariant, detail);
  }

  note(line: string): void {
    this.#trace.add(this.#nowMs, line);
  }

  #fail(invariant: string, detail: string): void {
    this.violation ??= new Violation(invariant, `${detail} (at ${this.#nowMs.toFixed(1)} ms)`);
  }
}

const recordOf = (item: Item) => JSON.parse(String(item.record)) as FailoverRecord;

/** A record's id stands first in its JSON, and most steps move the record that was there. */
const beginningOf = ({ record }: Item) => String(record).slice(0, String(record).indexOf(','));

/**
 * What was appended, when the aggregate moved by commits: one version, one entry and one idempotency record for each (a batch
 * brings several at once). `null`: it was repaired, which replaces whatever stood there and brings all records.
 */
function addedBy(
  effect: Effect,
  moved: {
    pk: string;
    previous: HeadSeen | null;
    next: HeadSeen | null;
    entries: string;
  },
): readonly string[] | null {
  const { pk, previous, next, entries } = moved;
  const steps = (next?.version ?? 0) - (previous?.version ?? 0);
  if (next === null || steps < 1 || next.epoch < (previous?.epoch ?? 0)) return null;
  let records = 0;
  let earlier: Item | null = null;
  for (let index = 0; index < effect.writes.length; index++) {
    const write = effect.writes[index];
    if (write === undefined) continue;
    const key = keyOf(write);
    if (key.pk !== pk) continue;
    if (key.sk === LOG_SK) earlier = effect.before[index] ?? null;
    else if (key.sk.startsWith(IDEMPOTENCY_PREFIX)) records++;
  }
  if (records !== steps) return null;
  const added = addedTo(logOf(earlier), entries);
  return added?.length === steps ? added : null;
}

const revisionOf = (item: Item): HeadSeen => ({ epoch: Number(item.epoch), version: Number(item.version) });
const shown = (head: HeadSeen | null) => (head ? `${head.epoch}.${head.version}` : 'none');
