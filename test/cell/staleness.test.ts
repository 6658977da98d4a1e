/**
 * Tries to break the bound of staleness: commits, links that hold calls back past their time-out, stopped and restarted
 * processes, failovers. Whatever stood in the owner's store longer ago than the bound says has to be in the copy.
 */
import { describe, expect, it } from '@jest/globals';
import { headKey, toHead } from '../../cell/store/table-layout.ts';
import { includes } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import { type AggregateId, aggregateId, type RegionName } from '../../core/ids.ts';
import { type Rng, seededRng } from '../../core/rng.ts';
import { type FaultyTable, noDeadline } from '../doubles/faulty-table.ts';
import { EAST, TwoRegions, WEST } from '../doubles/two-regions.ts';

/** A caller gives up after this; the call itself may still be on its way. */
const GIVES_UP_MS = 500;
const DELAY_MS_MAX = 6_000;
const STEPS = 60;
const SEEDS = Array.from({ length: 16 }, (_, index) => index + 1);

interface Effect {
  readonly aggregate: AggregateId;
  readonly atMs: number;
}

class Schedule {
  readonly world = new TwoRegions();
  readonly rng: Rng;
  /** What took effect in a region's store, whether or not anybody was told. */
  readonly effects = new Map<RegionName, Effect[]>([
    [EAST, []],
    [WEST, []],
  ]);
  claims = 0;
  #late = 0;
  #keys = 0;

  constructor(seed: number) {
    this.rng = seededRng(seed);
    for (const region of [EAST, WEST]) this.#meddle(region);
  }

  async run(): Promise<void> {
    await this.world.clock.advance(6_000);
    for (let step = 0; step < STEPS; step++) {
      await this.#step();
      await this.world.clock.advance(Math.floor(this.rng.next() * 700));
      this.check();
    }
  }

  check(): void {
    for (const region of [EAST, WEST]) {
      const { runtime } = this.world.at(region).cell;
      this.#holds(region, { ms: runtime.stalenessMs(), lanesOnly: true });
      if (runtime.standing().state === 'active' || runtime.copyStalenessMs() === null) continue;
      this.#holds(region, { ms: runtime.copyStalenessMs(), lanesOnly: false });
      this.#inLine(region);
    }
  }

  async #step(): Promise<void> {
    const dice = this.rng.next();
    if (dice < 0.5) this.#commit();
    else if (dice < 0.65) this.#late = this.rng.next() < 0.5 ? 0 : 0.4;
    else if (dice < 0.75) this.world.clock.jump(this.rng.next() * 4_000);
    else if (dice < 0.85) this.#cut();
    else if (dice < 0.93) await this.#restart(this.rng.next() < 0.5 ? EAST : WEST);
    else await this.#fail();
  }

  #commit(): void {
    const region = this.rng.next() < 0.5 ? EAST : WEST;
    const mergeable = this.rng.next() < 0.3;
    const key = mergeable ? `lane-${this.#keys % 5}@${region}` : `key-${this.#keys % 9}`;
    this.#keys += 1;
    const write = { key, value: String(this.#keys), ack: 'local', class: mergeable ? 'mergeable' : 'leased' } as const;
    // A refusal or an unknown outcome is part of the schedule; what took effect is seen in the store.
    void this.world.put(region, write).catch(() => undefined);
  }

  #cut(): void {
    const { peer } = this.world.at(this.rng.next() < 0.5 ? EAST : WEST);
    peer.state = peer.state === 'up' ? 'timeout' : 'up';
  }

  async #restart(region: RegionName): Promise<void> {
    await this.world.crash(region);
    this.world.start(region);
    this.#meddle(region);
  }

  async #fail(): Promise<void> {
    const owner = [EAST, WEST].find((region) => this.world.at(region).cell.runtime.standing().state === 'active');
    if (owner && this.rng.next() < 0.7) this.world.hideFromOperator(owner);
    await this.world.move({ kind: 'failover' }).catch(() => undefined);
    for (const table of Object.values(this.world.operator)) table.state = 'up';
  }

  #meddle(region: RegionName): void {
    const { own, peer } = this.world.at(region);
    const transact = own.transact;
    own.transact = async (writes, bounds) => {
      const result = await transact(writes, bounds);
      const head = writes.find((write) => write.kind === 'put' && write.item.sk === 'HEAD');
      if (result.outcome === 'done' && head?.kind === 'put') {
        const aggregate = aggregateId(head.item.pk.slice('AGG#'.length));
        this.effects.get(region)?.push({ aggregate, atMs: this.world.clock.monotonicMs() });
      }
      return result;
    };
    this.#slow(own, ['transact']);
    this.#slow(peer, ['write', 'transact']);
  }

  #slow(table: FaultyTable, calls: readonly ('write' | 'transact')[]): void {
    for (const call of calls) {
      const inner = table[call] as (...args: unknown[]) => Promise<unknown>;
      (table as unknown as Record<string, unknown>)[call] = (...args: unknown[]) => this.#held(() => inner(...args));
    }
  }

  /** Now, or later than its caller waits. */
  async #held(run: () => Promise<unknown>): Promise<unknown> {
    if (this.rng.next() >= this.#late) return run();
    const delayMs = this.rng.next() * DELAY_MS_MAX;
    const running = this.world.clock.sleep(delayMs).then(run);
    if (delayMs <= GIVES_UP_MS) return running;
    running.catch(() => undefined);
    await this.world.clock.sleep(GIVES_UP_MS);
    throw new PlatformError({ code: 'DEADLINE_EXCEEDED', kind: 'dependency', effect: 'unknown', message: 'held back' });
  }

  /** The peer's effects up to `now - ms` are in the copy, or were judged by the copy's newer line. */
  #holds(region: RegionName, bound: { ms: number | null; lanesOnly: boolean }): void {
    if (bound.ms === null) return;
    this.claims += 1;
    const peer = region === EAST ? WEST : EAST;
    const upToMs = this.world.clock.monotonicMs() - bound.ms;
    for (const { aggregate, atMs } of this.effects.get(peer) ?? []) {
      if (atMs >= upToMs || (bound.lanesOnly && !aggregate.includes('@'))) continue;
      const [copy, source] = [this.#head(region, aggregate), this.#head(peer, aggregate)];
      const effects = (this.effects.get(peer) ?? []).filter((each) => each.aggregate === aggregate);
      const due = effects.filter((each) => each.atMs < upToMs).length;
      // Lanes have one writer, so their version counts its effects.
      if (aggregate.includes('@')) expect(copy?.version ?? 0).toBeGreaterThanOrEqual(due);
      else if (effects.length === due && source) expect([aggregate, includes(copy, source)]).toEqual([aggregate, true]);
    }
  }

  /** Nothing stands in a copy that its owner never had. */
  #inLine(region: RegionName): void {
    const owner = region === EAST ? WEST : EAST;
    if (this.world.at(owner).cell.runtime.standing().state !== 'active') return;
    const standing = this.world.at(region).cell.runtime.standing();
    // The last owner that it knows is it itself: what it has was the line, up to the age that it tells.
    if (standing.state === 'active' || standing.owner === null) return;
    for (const { aggregate } of this.effects.get(region) ?? []) {
      if (aggregate.includes('@')) continue;
      const [copy, line] = [this.#head(region, aggregate), this.#head(owner, aggregate)];
      if (copy) expect([aggregate, includes(line, copy)]).toEqual([aggregate, true]);
    }
  }

  #head(region: RegionName, aggregate: AggregateId) {
    return toHead(this.world.stores[region]?.peek(headKey(aggregate)) ?? null);
  }
}

describe('the bound of staleness', () => {
  it.each(SEEDS)('is never younger than the copy, seed %i', async (seed) => {
    const schedule = new Schedule(seed);
    await schedule.run();
    expect(schedule.claims).toBeGreaterThan(10);
  });
});

describe('on a quiet day', () => {
  it('is known within seconds, and stays below four', async () => {
    const world = new TwoRegions();
    await world.clock.advance(8_000);
    for (let n = 0; n < 50; n++) {
      await world.put(EAST, { key: `k${n % 3}`, value: String(n) });
      await world.clock.advance(137);
      expect(world.at(WEST).cell.runtime.copyStalenessMs()).toBeLessThan(4_000);
    }
    expect(world.at(EAST).cell.runtime.copyStalenessMs()).toBe(0);
  });

  it('goes on being known at both when the arbiter is lost, and nobody can write', async () => {
    const world = new TwoRegions();
    await world.clock.advance(8_000);
    for (const region of [EAST, WEST]) world.at(region).arbiter.state = 'timeout';
    await world.clock.advance(10_000);
    for (const region of [EAST, WEST]) {
      const { runtime } = world.at(region).cell;
      expect([runtime.standing().state, (runtime.copyStalenessMs() ?? 1e9) < 4_000]).toEqual(['standby', true]);
    }
  });

  it('grows without an end when the owner is gone', async () => {
    const world = new TwoRegions();
    await world.clock.advance(8_000);
    await world.crash(EAST);
    await world.clock.advance(20_000);
    expect(world.at(WEST).cell.runtime.copyStalenessMs()).toBeGreaterThan(20_000);
  });
});

describe('the copy of a region that was the owner', () => {
  it('has no age until its own commits were judged, however well it hears the new owner', async () => {
    const world = new TwoRegions({ reconcile: 'manual' });
    await world.clock.advance(8_000);
    world.at(EAST).peer.state = 'refused';
    await world.put(EAST, { key: 'a', value: 'nobody else had it' });
    await world.crash(EAST);
    world.loseStore(EAST);
    await world.move({ kind: 'failover', to: WEST });
    world.findStore(EAST);
    const { peer, cell } = world.start(EAST);
    // Heartbeats are single writes; what carries a commit is a transaction.
    peer.before = (call) => {
      if (call === 'transact') throw noAnswer;
    };
    await world.clock.advance(10_000);
    expect((await world.read(EAST, 'a')).head?.epoch).toBe(1);
    expect([cell.runtime.stalenessMs() === null, cell.runtime.copyStalenessMs()]).toEqual([false, null]);
    peer.before = () => undefined;
    await world.clock.advance(10_000);
    expect([(await world.read(EAST, 'a')).head, cell.runtime.copyStalenessMs()]).toEqual([null, expect.any(Number)]);
  });
});

const noAnswer = new PlatformError({
  ...{ code: 'STORE_UNAVAILABLE', kind: 'dependency', effect: 'none', message: 'no answer' },
});

describe('a mark', () => {
  it('of one process of a region does not count because another one beside it is heard', async () => {
    const world = new TwoRegions();
    const one = world.at(EAST);
    await world.clock.advance(1_000);
    const other = world.start(EAST);
    await world.clock.advance(12_000);
    const { runtime } = world.at(WEST).cell;
    const seen = one.cell.runtime.commitMark();
    await world.clock.advance(8_000);
    expect(runtime.hasPeersMark(seen)).toBe(true);
    one.peer.state = 'timeout';
    await world.clock.advance(5_000);
    other.peer.state = 'timeout';
    const draft = { aggregate: aggregateId('a'), class: 'strict', expected: null, changes: [] } as const;
    await world.settle(one.cell.runtime.store.commit(draft, { ack: 'local', ...noDeadline }));
    const mark = one.cell.runtime.commitMark();
    expect([(await world.read(WEST, 'a')).head, runtime.hasPeersMark(mark)]).toEqual([null, false]);
    for (const { peer } of [one, other]) peer.state = 'up';
    await world.clock.advance(20_000);
    expect([(await world.read(WEST, 'a')).head?.version, runtime.hasPeersMark(mark)]).toEqual([1, true]);
    await world.settle(one.cell.stop());
  });
});
