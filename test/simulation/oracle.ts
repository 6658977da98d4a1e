/**
 * Long because every invariant that holds at each step is judged from the same few observations.
 *
 * Judges what happens while it happens, by true time and by what stands in the stores, which no process can see. Safety:
 *
 *   fence-falls          the epoch of a fence shard never falls, and one epoch has one owner
 *   two-active           two regions hold the cell at once only if the store of the lower epoch is fenced above it
 *   stale-ack            once a higher epoch is open, only what its owner has is still acknowledged under a lower one
 *   late-invocation-ack  no write invoked after an acknowledgement of a higher epoch is acknowledged under a lower one
 *   double-version       one (aggregate, epoch, version) is acknowledged for one commit
 *   owner-overwritten    in the owner's own store an aggregate moves by commits only, one version at a time
 *   wrong-repair         a store's aggregate moves otherwise only to a state that the other store has had
 *   stale-write          no commit takes effect in a store whose fence is above its epoch
 *   repair-undid         a repair takes nothing away that the owner's line has
 *   drained-loss         what was acknowledged before a planned move, or a drained one, is at the successor when it is released
 *   lease-usurped        a released lease is taken by its successor, or by the releaser after the wait
 *   frozen-holder        a region whose store has taken nothing for a lease does not go on renewing
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
  toCommit,
  toHead,
  toReconciled,
} from '../../cell/store/table-layout.ts';
import { keyOf } from '../../cell/table/memory-table.ts';
import type { Item, TableWrite } from '../../cell/table/table.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { type Commit, type CommitReceipt, includes } from '../../core/commit.ts';
import { fenceShardOf } from '../../core/fence.ts';
import type { RegionName } from '../../core/ids.ts';
import { takeoverWaitMs } from '../../core/lease.ts';
import { LOG_ITEM, type Operation } from './clients.ts';
import { CELL, CLOCK_RATE_DRIFT_MAX, peerOf, REGIONS, type Schedule } from './schedule.ts';
import type { Effect } from './sim-store.ts';
import type { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

export interface Invocation {
  readonly entry: string;
  readonly operation: Operation;
  readonly region: RegionName;
  readonly atMs: number;
  /** The highest epoch under which anything had been acknowledged when it began. */
  readonly ackedEpochBefore: number;
}

export interface Acknowledgement {
  readonly invocation: Invocation;
  readonly receipt: CommitReceipt;
  readonly atMs: number;
  /** Acknowledged alone, and since its last contact with the peer the region had not renewed its lease. */
  readonly aloneWithoutRenewal: boolean;
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
const JOURNAL_PREFIX = journalPk(0).slice(0, -1);

export class Oracle {
  readonly #schedule: Schedule;
  readonly #trace: Trace;
  #world: World | null = null;
  /** Every commit that ever took effect in its own region's store, by log entry. */
  readonly stood = new Map<string, Stood>();
  readonly acknowledgements: Acknowledgement[] = [];
  readonly #ackedVersions = new Map<string, string>();
  readonly #states = new Map<string, Set<string>>();
  readonly #renewedAtMs = new Map<RegionName, number>();
  readonly #renewedFrozen = new Map<RegionName, number>();
  #released: { item: Item; atMs: number } | null = null;
  #ackedEpoch = 0;
  #openEpoch = 0;
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
    return this.#world?.cellAt(region).cell.runtime.standing().state === 'active';
  }

  invoked(call: Pick<Invocation, 'entry' | 'operation' | 'region'>): Invocation {
    this.note(`${call.entry} ${call.operation.ack} ${call.operation.aggregate} at ${call.region}`);
    return { ...call, atMs: this.#nowMs, ackedEpochBefore: this.#ackedEpoch };
  }

  refused(entry: string, error: unknown): void {
    this.note(
      `${entry} refused: ${error instanceof Error ? ((error as { code?: string }).code ?? error.message) : ''}`,
    );
  }

  acknowledged(invocation: Invocation, receipt: CommitReceipt): void {
    const { entry, operation, region } = invocation;
    this.note(`${entry} acknowledged ${receipt.epoch}.${receipt.version} ${receipt.ack} ${receipt.degraded ?? ''}`);
    const alone = receipt.degraded !== null && this.#notRenewedSincePeer(region);
    this.acknowledgements.push({ invocation, receipt, atMs: this.#nowMs, aloneWithoutRenewal: alone });
    if (operation.lane) return;
    const name = `${operation.aggregate} ${receipt.epoch}.${receipt.version}`;
    const other = this.#ackedVersions.get(name);
    if (other !== undefined) this.#fail('double-version', `${name} was acknowledged for ${other} and for ${entry}`);
    this.#ackedVersions.set(name, entry);
    if (invocation.ackedEpochBefore > receipt.epoch) {
      const detail = `${entry} under ${receipt.epoch} was invoked after an acknowledgement under ${invocation.ackedEpochBefore}`;
      this.#fail('late-invocation-ack', detail);
    }
    if (this.#openEpoch > receipt.epoch && !this.logOf(peerOf(region), operation.aggregate).includes(entry)) {
      this.#fail('stale-ack', `${entry} under ${receipt.epoch} while ${this.#openEpoch} is open without it`);
    }
    this.#ackedEpoch = Math.max(this.#ackedEpoch, receipt.epoch);
  }

  #notRenewedSincePeer(region: RegionName): boolean {
    const contactMs = this.#world?.link(`cell@${region}>store@${peerOf(region)}`).lastWriteAnswerMs ?? 0;
    return (this.#renewedAtMs.get(region) ?? 0) < contactMs;
  }

  /** The log of an aggregate as it stands in a region's store. */
  logOf(region: RegionName, aggregate: string): readonly string[] {
    const key = { pk: AGGREGATE_PREFIX + aggregate, sk: ITEM_PREFIX + LOG_ITEM };
    return entriesOf(this.#world?.store(`store@${region}`).table.peek(key) ?? null);
  }

  observe(effect: Effect): void {
    for (const [index, write] of effect.writes.entries()) {
      if (write.kind === 'check') continue;
      const before = effect.before[index] ?? null;
      const { pk, sk } = write.kind === 'put' ? write.item : write.key;
      this.note(`${effect.store} ${write.kind} ${pk} ${sk}`);
      if (pk.startsWith('FENCE#')) this.#fenceMoved(effect.store, write, before);
      else if (pk.startsWith('LEASE#')) this.#leaseMoved(write, before);
      else if (pk.startsWith('FAILOVER#') && sk === 'CURRENT') this.#recordMoved(write, before);
      else if (pk.startsWith(AGGREGATE_PREFIX) && sk === HEAD) this.#headMoved(effect, write, before);
    }
  }

  #fenceMoved(store: string, write: TableWrite, before: Item | null): void {
    if (write.kind !== 'put') {
      this.#fail('fence-falls', `${store}: a shard was deleted`);
      return;
    }
    const { epoch, active } = write.item;
    this.note(`${store} ${write.item.pk} at ${epoch} for ${active ?? 'nobody'}`);
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
    this.note(`lease ${state} ${epoch} ${holder} ${successor ?? ''}`);
    if (before && Number(before.epoch) > Number(epoch)) this.#fail('lease-usurped', `epoch fell to ${epoch}`);
    if (state === 'held') this.#renewed(String(holder) as RegionName);
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

  #renewed(region: RegionName): void {
    this.#renewedAtMs.set(region, this.#nowMs);
    const frozenSinceMs = this.#world?.store(`store@${region}`).frozenSinceMs ?? null;
    const frozenForMs = frozenSinceMs === null ? 0 : this.#nowMs - frozenSinceMs;
    const count = frozenForMs > this.#schedule.ttlMs ? (this.#renewedFrozen.get(region) ?? 0) + 1 : 0;
    this.#renewedFrozen.set(region, count);
    if (count > 1) this.#fail('frozen-holder', `${region} renews ${frozenForMs.toFixed(0)} ms after its store froze`);
  }

  /** The lease was given up on the proof of a fence: all that was acknowledged under it must be with the successor. */
  #releasedFenced(epoch: number, successor: RegionName): void {
    const item = this.#world?.store('arbiter').table.peek(failoverKey(CELL));
    const record = item ? (JSON.parse(String(item.record)) as FailoverRecord) : null;
    if (record === null || (record.decision.kind === 'failover' && record.drained?.complete !== true)) return;
    for (const { invocation, receipt } of this.acknowledgements) {
      const { entry, operation } = invocation;
      if (operation.lane || receipt.epoch !== epoch) continue;
      if (this.logOf(successor, operation.aggregate).includes(entry)) continue;
      this.#fail(
        'drained-loss',
        `${entry} (${operation.aggregate} ${epoch}.${receipt.version}) is not at ${successor}`,
      );
    }
  }

  #recordMoved(write: TableWrite, before: Item | null): void {
    const version = write.kind === 'put' ? Number(write.item.version) : 0;
    if (version !== Number(before?.version ?? 0) + 1) {
      this.#fail('record-overwritten', `version ${version} over ${before?.version ?? 'none'}`);
    }
  }

  #headMoved(effect: Effect, write: TableWrite, before: Item | null): void {
    const region = effect.store.slice('store@'.length) as RegionName;
    const pk = write.kind === 'put' ? write.item.pk : write.key.pk;
    const aggregate = pk.slice(AGGREGATE_PREFIX.length);
    const next = write.kind === 'put' ? revisionOf(write.item) : null;
    const previous = before ? revisionOf(before) : null;
    const entries = this.logOf(region, aggregate);
    const state = `${aggregate} ${next ? `${next.epoch}.${next.version}` : 'none'} ${next ? entries.join() : ''}`;
    this.#statesOf(region).add(state);
    const byCommit = effect.writes.some((other) => other.kind === 'put' && other.item.pk.startsWith(JOURNAL_PREFIX));
    if (byCommit && next) this.#remember({ entries, aggregate, next, region });
    const fence = this.#fenceOf(region, aggregate);
    if (next && isStep(previous, next)) {
      const stale = next.epoch > 0 && Number(fence?.epoch ?? 0) > next.epoch;
      if (stale && !isRepair(effect, next)) {
        this.#fail('stale-write', `${aggregate} ${shown(next)} in the store of ${region}, fenced at ${fence?.epoch}`);
      }
      return;
    }
    this.#checkUndone(effect, { region, aggregate, entries });
    if (fence?.active === region && this.#openEpoch === Number(fence.epoch)) {
      const detail = `${aggregate} from ${shown(previous)} to ${shown(next)} in the store of ${region}, owner at ${fence.epoch}`;
      this.#fail('owner-overwritten', detail);
    }
    if (next && !this.#statesOf(peerOf(region)).has(state)) {
      this.#fail('wrong-repair', `${effect.store}: ${state} was never in the other store`);
    }
  }

  #checkUndone(effect: Effect, now: { region: RegionName; aggregate: string; entries: readonly string[] }): void {
    const { region, aggregate, entries } = now;
    const other = peerOf(region);
    if (this.#fenceOf(other, aggregate)?.active !== other) return;
    const at = effect.writes.findIndex((write) => keyOf(write).sk === ITEM_PREFIX + LOG_ITEM);
    const owners = this.logOf(other, aggregate);
    const undone = entriesOf(effect.before[at] ?? null).find(
      (entry) =>
        !entries.includes(entry) && owners.includes(entry) && !this.#comesAgain(effect, { entry, owner: other }),
    );
    if (undone !== undefined) this.#fail('repair-undid', `${undone} (${aggregate}) in the store of ${region}`);
  }

  /** The owner took the entry in from its quarantine, and the commit that did so has not been here yet: it is on its way. */
  #comesAgain(effect: Effect, { entry, owner }: { entry: string; owner: RegionName }): boolean {
    const at = effect.writes.findIndex((write) => keyOf(write).sk === HEAD);
    const before = toHead(effect.before[at] ?? null);
    return [...(this.#world?.store(`store@${owner}`).table.all() ?? [])].some((item) => {
      if (item.pk !== RECONCILED || entryOf(toCommit(item)) !== entry) return false;
      const { takenInAs } = toReconciled(item);
      return takenInAs !== null && !includes(before, takenInAs);
    });
  }

  #remember(commit: { entries: readonly string[]; aggregate: string; next: HeadSeen; region: RegionName }): void {
    const { entries, aggregate, next, region } = commit;
    const entry = entries.at(-1);
    if (entry !== undefined) this.stood.set(entry, { entry, aggregate, ...next, region });
  }

  #statesOf(region: RegionName): Set<string> {
    const states = this.#states.get(region) ?? new Set<string>();
    this.#states.set(region, states);
    return states;
  }

  #fenceOf(region: RegionName, aggregate: string): Item | null {
    const key = fenceKey(fenceShardOf(aggregate as never, this.#schedule.fenceShards));
    return this.#world?.store(`store@${region}`).table.peek(key) ?? null;
  }

  #checkStandings(): void {
    const world = this.#world;
    if (!world) return;
    const held = REGIONS.flatMap((region) => {
      const standing = world.cellAt(region).cell.runtime.standing();
      return standing.state === 'active' ? [{ region, epoch: standing.epoch as number }] : [];
    });
    for (const { epoch } of held) this.#openEpoch = Math.max(this.#openEpoch, epoch);
    if (held.length < 2) return;
    const lower = held.reduce((a, b) => (a.epoch <= b.epoch ? a : b));
    for (let shard = 0; shard < this.#schedule.fenceShards; shard++) {
      const fence = world.store(`store@${lower.region}`).table.peek(fenceKey(shard));
      if (Number(fence?.epoch ?? 0) > lower.epoch) continue;
      this.#fail('two-active', held.map(({ region, epoch }) => `${region} under ${epoch}`).join(' and '));
    }
  }

  note(line: string): void {
    this.#trace.add(this.#nowMs, line);
  }

  #fail(invariant: string, detail: string): void {
    this.violation ??= new Violation(invariant, `${detail} (at ${this.#nowMs.toFixed(1)} ms)`);
  }
}

export function entriesOf(item: Item | null): readonly string[] {
  return item ? (JSON.parse(String(item.data)) as { entries: string[] }).entries : [];
}

/** The entry that a commit added. */
export function entryOf(commit: Commit): string | undefined {
  const change = commit.changes.find(({ item }) => item === LOG_ITEM);
  return change?.kind === 'put' ? (change.data.entries as readonly string[]).at(-1) : undefined;
}

/** A commit brings its own idempotency record, a repair brings all of them; at version 1 they look alike. */
function isRepair(effect: Effect, next: HeadSeen): boolean {
  const records = effect.writes.filter((write) => keyOf(write).sk.startsWith(IDEMPOTENCY_PREFIX)).length;
  return records !== 1 || next.version === 1;
}

/** One commit further. */
function isStep(previous: HeadSeen | null, next: HeadSeen | null): boolean {
  if (next === null) return false;
  return next.version === (previous?.version ?? 0) + 1 && next.epoch >= (previous?.epoch ?? 0);
}

const revisionOf = (item: Item): HeadSeen => ({ epoch: Number(item.epoch), version: Number(item.version) });
const shown = (head: HeadSeen | null) => (head ? `${head.epoch}.${head.version}` : 'none');
