/**
 * One invocation of a cell's keeper: keeps (or takes) the lease and announces where the services are. Called by the schedule;
 * or by whoever has released the lease in favour of this region, as a doorbell, and then it takes one turn.
 */
import { CADENCES, KEEPER_STAYS_MS } from '../../core/keeper-cadence.ts';
import { fullJitterMs } from '../../core/rng.ts';
import type { KeeperCadence } from '../../core/topology-aws.ts';
import type { OnDemandCell } from '../on-demand-cell.ts';
import { type Address, announce } from './address-book.ts';
import type { Invocation } from './invocation.ts';

const TRIES_MAX = 4;
const RETRY_BACKOFF = { baseMs: 200, capMs: 2_000 };
const ANNOUNCE_MS_MAX = 1_000;

export interface KeeperParts {
  readonly cell: OnDemandCell;
  readonly cadence: KeeperCadence;
  readonly address: Address;
}

/** Throws when neither arbiter nor store answered: the function's error metric, and Lambda's own retry of a doorbell. */
export async function keeperTurn(
  { cell, cadence, address }: KeeperParts,
  { signal, scheduled }: Invocation & { readonly scheduled: boolean },
) {
  const { keeper, clock, tables } = cell.cell;
  const announced = announce(tables.arbiter, address, { deadlineAtMs: clock.monotonicMs() + ANNOUNCE_MS_MAX, signal });
  // Routers go on with the address that they know; the next turn writes it.
  const written = announced.catch(() => null);
  await step(cell, signal);
  if (CADENCES[cadence].stays && scheduled) await stay(cell, signal);
  return { ...keeper.status, announced: await written };
}

async function step({ cell }: OnDemandCell, signal: AbortSignal): Promise<void> {
  const { keeper, clock, rng } = cell;
  for (let attempt = 0; ; attempt++) {
    try {
      return await keeper.step();
    } catch (error) {
      if (attempt + 1 >= TRIES_MAX || signal.aborted) throw error;
      await clock.sleep(RETRY_BACKOFF.baseMs + fullJitterMs(rng, { ...RETRY_BACKOFF, attempt }), signal);
    }
  }
}

/** Renews in a loop until the next scheduled call has had time to begin: the two may overlap, a gap must not be. */
async function stay({ cell }: OnDemandCell, signal: AbortSignal): Promise<void> {
  const { keeper, clock } = cell;
  const over = new AbortController();
  const end = () => over.abort();
  signal.addEventListener('abort', end, { once: true });
  void clock.sleep(KEEPER_STAYS_MS, over.signal).then(end, () => undefined);
  await keeper.run(over.signal);
}
