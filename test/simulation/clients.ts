/**
 * Clients in both regions: strict writes with either way of acknowledgement, and writes to the region's own mergeable lane.
 * Each commit appends its name to the aggregate's log, so the log of a store *is* the line of history that it follows.
 * A client asks on without knowing who the owner is, now and then the wrong region; it repeats what it is not sure of
 * with the same idempotency key, and some do not look whether the key is recorded already.
 */
import { leaseKey } from '../../cell/lease/lease-arbiter.ts';
import type { CommitDraft, OutboxMessage } from '../../core/commit.ts';
import { isPlatformError } from '../../core/errors.ts';
import { type AggregateId, aggregateId, type Epoch, type RegionName } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Rng, seededRng } from '../../core/rng.ts';
import type { Forward } from '../../router/core/decide.ts';
import { appended, entriesOf, LOG_ITEM, logData, namesIn, openOf } from './log.ts';
import type { Oracle } from './oracle.ts';
import { CELL, pick, REGIONS } from './schedule.ts';
import { SimRouter } from './sim-router.ts';
import { hashOf } from './trace.ts';
import type { CellProcess, World } from './world.ts';

export const STRICT_AGGREGATES = ['order-1', 'order-2', 'stock-7'].map(aggregateId);
export const laneOf = (region: RegionName): AggregateId => aggregateId(`cart-1~${region}`);

/** Some give up before a lease runs out, some long after. */
const CALLS_MS_MAX = [300, 800, 4_000];
const TRIES_MAX = 4;
const RETRY_AFTER_MS_MAX = 500;

export interface Operation {
  readonly id: string;
  readonly aggregate: AggregateId;
  readonly lane: boolean;
  readonly ack: 'local' | 'replicated';
  /** Sends the commit without looking whether its key is recorded: the store has to. */
  readonly blind: boolean;
}

interface Asked {
  readonly operation: Operation;
  readonly attempt: number;
  readonly region: RegionName;
  /** The router that it went through, if any. */
  readonly routed?: { readonly router: SimRouter; readonly forward: Forward; readonly attempts: number };
}

function routerOf(world: World, oracle: Oracle): SimRouter {
  return new SimRouter({
    saw: (trouble) => world.saw(trouble),
    ownerOf: (epoch) => oracle.ownerOf(epoch),
    fail: (invariant, detail) => oracle.fail(invariant, detail),
  });
}

export class Clients {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #rng: Rng;
  readonly #routers: readonly SimRouter[];
  #count = 0;
  #stopped = false;

  constructor(world: World, oracle: Oracle) {
    this.#world = world;
    this.#oracle = oracle;
    this.#rng = seededRng(hashOf(`${world.schedule.seed}/clients`));
    this.#routers = REGIONS.map(() => routerOf(world, oracle));
  }

  start(): void {
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
  }

  #next(): void {
    if (this.#stopped) return;
    this.send(this.#draw(), { attempt: 0 });
    this.#world.queue.in(this.#world.schedule.clientEveryMs * (0.2 + 1.6 * this.#rng.next()), () => this.#next());
  }

  #draw(): Operation {
    const rng = this.#rng;
    const lane = rng.next() < 0.2;
    const aggregate = lane ? laneOf(pick(rng, REGIONS)) : pick(rng, STRICT_AGGREGATES);
    const ack = rng.next() < 0.5 ? 'local' : 'replicated';
    return { id: `op${++this.#count}`, aggregate, lane, ack, blind: rng.next() < 0.3 };
  }

  /** One replicated write to each aggregate, for the end, each through a router that has to find the owner. Returns how many. */
  sendToAll(round: number): number {
    const all = [...STRICT_AGGREGATES, ...REGIONS.map(laneOf)];
    for (const [index, aggregate] of all.entries()) {
      const lane = index >= STRICT_AGGREGATES.length;
      this.send({ id: `end${round}.${index}`, aggregate, lane, ack: 'replicated', blind: false }, { attempt: 0 });
    }
    return all.length;
  }

  /** A lane has its region; some callers don't go through a router; the others ask where the router says. */
  send(operation: Operation, { attempt }: { attempt: number }): void {
    const rng = this.#rng;
    const direct = rng.next() < 0.15 && !operation.id.startsWith('end');
    if (operation.lane || direct) {
      const region = operation.lane ? (operation.aggregate.split('~')[1] as RegionName) : pick(rng, REGIONS);
      this.#ask({ operation, attempt, region });
      return;
    }
    const router = pick(rng, this.#routers);
    // The control plane's word comes now and then, and is as old as the row that it read.
    if (rng.next() < 0.1) this.#publish(router);
    const forward = router.forward();
    this.#ask({ operation, attempt, region: forward.region, routed: { router, forward, attempts: 1 } });
  }

  #publish(router: SimRouter): void {
    const lease = this.#world.store('arbiter').table.peek(leaseKey(CELL));
    if (lease?.state === 'held') {
      router.published({ region: String(lease.holder) as RegionName, epoch: Number(lease.epoch) as Epoch });
    }
  }

  #ask(asked: Asked): void {
    const { operation, attempt, region, routed } = asked;
    const host = pick(this.#rng, this.#world.cellsIn(region));
    if (!host.process.running) return;
    host.process.deliver('answer', () => {
      const standing = host.cell.runtime.standing();
      if (routed && standing.state !== 'active') {
        const next = routed.router.refused({ ...routed, region }, standing);
        if (next !== null) this.#ask({ ...asked, region: next, routed: { ...routed, attempts: routed.attempts + 1 } });
        return;
      }
      const call = this.#perform(host, { operation, region, attempt });
      call.catch((error: unknown) => {
        this.#oracle.refused(`${operation.id}/${attempt}`, error);
        const unsure = isPlatformError(error) && error.effect === 'unknown';
        if (unsure && attempt + 1 < TRIES_MAX) this.#later(operation, attempt + 1);
      });
    });
  }

  #later(operation: Operation, attempt: number): void {
    this.#world.queue.in(this.#rng.next() * RETRY_AFTER_MS_MAX, () => this.send(operation, { attempt }));
  }

  async #perform(
    { process, cell }: CellProcess,
    call: { operation: Operation; region: RegionName; attempt: number },
  ): Promise<void> {
    const { operation, region, attempt } = call;
    const entry = `${operation.id}/${attempt}`;
    const invocation = this.#oracle.invoked({ entry, operation, region, process: process.name });
    const deadlineAtMs = process.monotonicMs() + pick(this.#rng, CALLS_MS_MAX);
    const { store } = cell.runtime;
    for (let round = 0; ; round++) {
      const seen = await store.read(operation.aggregate, { deadlineAtMs });
      const standing = operation.blind ? null : entryThatStands(seen, operation);
      // As services do: what is found done is acknowledged by a commit on top of it, because it may stand in this region alone.
      const [named, key] = standing === null ? [entry, operation.id] : [`re${operation.id}.${attempt}/0`, `re${entry}`];
      const draft = draftOf({ operation, entry: named, key, seen, rng: this.#rng });
      try {
        const receipt = await store.commit(draft, { deadlineAtMs, ack: operation.lane ? 'local' : operation.ack });
        this.#oracle.acknowledged(standing === null ? invocation : { ...invocation, entry: standing }, receipt);
        if (standing !== null) this.#world.saw('repeat acknowledged by a commit of its own');
        return;
      } catch (error) {
        if (!isPlatformError(error) || error.code !== 'VERSION_CONFLICT' || round + 1 >= TRIES_MAX) throw error;
      }
    }
  }
}

interface Seen {
  readonly idempotency: ReadonlyMap<string, unknown>;
  readonly items: ReadonlyMap<string, JsonObject>;
}

/** The entry that an earlier attempt of the operation left; `null`: none did. */
function entryThatStands({ idempotency, items }: Seen, { id }: Operation): string | null {
  if (!idempotency.has(id)) return null;
  return namesIn(entriesOf(items.get(LOG_ITEM))).find((entry) => entry.startsWith(`${id}/`)) ?? null;
}

interface Drafting {
  readonly operation: Operation;
  readonly entry: string;
  /** Of idempotency. */
  readonly key: string;
  readonly seen: { readonly head: CommitDraft['expected']; readonly items: ReadonlyMap<string, JsonObject> };
  readonly rng: Rng;
}

/** Appends to the log; opens a message now and then, and deals with the oldest open one now and then. */
function draftOf({ operation, entry, key, seen, rng }: Drafting): CommitDraft {
  const log = seen.items.get(LOG_ITEM);
  const open = openOf(log);
  const opens: OutboxMessage[] = rng.next() < 0.3 ? [{ id: entry, topic: 'simulated', body: {} }] : [];
  const done = rng.next() < 0.3 ? open.slice(0, 1) : [];
  const stillOpen = [...open.slice(done.length), ...opens.map(({ id }) => id)];
  return {
    aggregate: operation.aggregate,
    class: operation.lane ? 'mergeable' : 'strict',
    expected: seen.head,
    changes: [
      { kind: 'put', item: LOG_ITEM, data: logData({ entries: appended(entriesOf(log), entry), open: stillOpen }) },
    ],
    idempotency: { key, fingerprint: key, response: {} },
    outbox: opens,
    outboxDone: done,
  };
}
