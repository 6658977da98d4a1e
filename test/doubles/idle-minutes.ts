/**
 * Minutes of an idle cell: the functions of both its regions and the probes' question, called as their schedules call them, on
 * tables in memory that count what DynamoDB would bill. Nobody else is there.
 */
import { handle } from 'hono/aws-lambda';
import { metricsLine } from '../../cell/functions/emit-metrics.ts';
import { keeperTurn } from '../../cell/functions/keeper-turn.ts';
import { relayTurn } from '../../cell/functions/relay-turn.ts';
import { replicatorTurn } from '../../cell/functions/replicator-turn.ts';
import { OnDemandCell } from '../../cell/on-demand-cell.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import type { TurnUnits } from '../../cli/cost/idle-turns.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { type CellId, cellId, type RegionName, regionName } from '../../core/ids.ts';
import { CADENCES } from '../../core/keeper-cadence.ts';
import { seededRng } from '../../core/rng.ts';
import { fenceShards } from '../../core/topology-sizing.ts';
import { toFunctionUrlEvent } from '../../local/hosts/function-url-event.ts';
import { createCartApp } from '../../services/cart/app.ts';
import { createCatalogApp } from '../../services/catalog/app.ts';
import { createCheckoutApp } from '../../services/checkout/app.ts';
import { countingTable, type Units } from './counting-table.ts';
import { urlsOf } from './environments.ts';
import { ScriptedProvider } from './scripted-provider.ts';

export const FUNCTIONS = ['keeper', 'replicator', 'relay', 'service'] as const;
export type IdleFunction = (typeof FUNCTIONS)[number];

export const SHARDS = fenceShards({ writesPerSecondMax: 100 });
const CELL: CellId = cellId('c01');
const [HOME, STANDBY] = [regionName('us-east-1'), regionName('us-west-2')];
const { ttlMs, renewEveryMs } = CADENCES.economy.figures({ ttlMs: 3_000, renewEveryMs: 750 });
const STEP_MS = 10;

export class IdleMinutes {
  readonly clock = new FakeClock();
  /** Lines that functions would have logged. */
  readonly lines: string[] = [];
  readonly #stores = new Map([HOME, STANDBY].map((region) => [region, new MemoryTable()]));
  readonly #arbiter = new MemoryTable();
  readonly #warm = new Map<string, IdleProcess>();
  #made = 0;

  /** One call of the function in its region; a new environment when `fresh`. Resolves with what it used. */
  async call(name: IdleFunction, at: 'owner' | 'standby', { fresh = false } = {}): Promise<TurnUnits> {
    const key = `${name} ${at}`;
    const process = (fresh ? undefined : this.#warm.get(key)) ?? this.#begin(name, at === 'owner' ? HOME : STANDBY);
    this.#warm.set(key, process);
    const before = process.used();
    await this.#settle(process.run());
    const after = process.used();
    return {
      reads: after.reads - before.reads,
      writes: after.writes - before.writes,
      arbiterReads: after.arbiterReads - before.arbiterReads,
      arbiterWrites: after.arbiterWrites - before.arbiterWrites,
    };
  }

  #begin(name: IdleFunction, region: RegionName): IdleProcess {
    const peer = region === HOME ? STANDBY : HOME;
    const stores: Units = { reads: 0, writes: 0 };
    const arbiter: Units = { reads: 0, writes: 0 };
    const tables = {
      own: countingTable(this.#stores.get(region) ?? this.#arbiter, stores),
      peer: countingTable(this.#stores.get(peer) ?? this.#arbiter, stores),
      arbiter: countingTable(this.#arbiter, arbiter),
    };
    const config = {
      ...{ cell: CELL, region, peer, home: HOME, leaseTtlMs: ttlMs, renewEveryMs },
      ...{ fenceShards: SHARDS, peerLoss: 'continue' as const },
    };
    const { clock } = this;
    const parts = { config, tables, clock, rng: seededRng(++this.#made), env: {} };
    const cell = new OnDemandCell(parts, { hearsPeer: name === 'replicator' });
    const used = () => ({ ...stores, arbiterReads: arbiter.reads, arbiterWrites: arbiter.writes });
    return { run: this.#workOf(name, { cell, region }), used };
  }

  #workOf(name: IdleFunction, { cell, region }: { cell: OnDemandCell; region: RegionName }): () => Promise<unknown> {
    const { clock } = this;
    const { runtime } = cell.cell;
    const provider = new ScriptedProvider();
    const invocation = () => ({ endAtMs: clock.monotonicMs() + 30_000, signal: new AbortController().signal });
    const log = (figures: Parameters<typeof metricsLine>[1]['figures']) =>
      void this.lines.push(metricsLine(runtime.identity, { atMs: clock.wallMs(), figures }));
    if (name === 'keeper') {
      const address = { cell: CELL, region, urls: urlsOf(region), release: 'r1' };
      return async () => {
        const { standing } = await keeperTurn(
          { cell, cadence: 'economy', address },
          { ...invocation(), scheduled: true },
        );
        log({ LeaseHeld: standing.held ? 1 : 0 });
      };
    }
    if (name === 'replicator') {
      return async () => {
        const { lagMs, poisoned } = await replicatorTurn(cell, invocation());
        log({ ReplicationLag: lagMs, PoisonedEntries: poisoned.length });
      };
    }
    const checkout = createCheckoutApp(runtime, provider);
    if (name === 'relay') {
      createCartApp(runtime);
      createCatalogApp(runtime);
      return async () => {
        const { waiting, settled } = await relayTurn(cell, invocation());
        log({ OutboxWaiting: waiting, Reconciled: settled });
      };
    }
    const handler = handle(checkout);
    return () => cell.serve(() => handler(probeEvent(clock) as never, {} as never));
  }

  async #settle(work: Promise<unknown>): Promise<void> {
    let settled = false;
    const watched = work.finally(() => {
      settled = true;
    });
    watched.catch(() => undefined);
    for (let step = 0; !settled; step++) await this.clock.advance(step === 0 ? 0 : STEP_MS);
    await watched;
  }
}

interface IdleProcess {
  readonly run: () => Promise<unknown>;
  readonly used: () => TurnUnits;
}

/** What a router asks a cell for a probe: an order that does not exist. */
function probeEvent(clock: FakeClock) {
  const headers = { 'x-holdfast-tenant': 'holdfast-probe-0', 'x-holdfast-cell': CELL };
  const url = `/orders/ord_${'0'.repeat(32)}`;
  const request = { method: 'GET', url, headers, body: Buffer.from(''), sourceIp: '127.0.0.1' };
  return toFunctionUrlEvent(request, { requestId: 'probe-c01', nowMs: clock.wallMs() });
}
