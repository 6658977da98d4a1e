/**
 * Clients that only read, strictly, right after each write that was acknowledged to somebody, at every process that believes to
 * be active, whatever a router would say. Invariant
 * `stale-read`: an answer under an epoch contains whatever had been acknowledged under it when the question was asked, and
 * by then nothing had been acknowledged under a later one. They draw from a generator of their own, so that a schedule
 * without readers runs as it did before there were any.
 */
import { isPlatformError } from '../../core/errors.ts';
import { epoch as asEpoch, type Epoch } from '../../core/ids.ts';
import { type Rng, seededRng } from '../../core/rng.ts';
import { STRICT_AGGREGATES } from './clients.ts';
import { entriesOf, has, LOG_ITEM } from './log.ts';
import type { Acknowledgement, Oracle } from './oracle.ts';
import { pick, REGIONS } from './schedule.ts';
import { hashOf } from './trace.ts';
import type { CellProcess, World } from './world.ts';

const READ_MS_MAX = 800;

/** Lets readers ask in this world, if its schedule has any. */
export function askBeside(world: World, oracle: Oracle): void {
  if (!world.schedule.readers) return;
  const readers = new Readers(world, oracle);
  oracle.onAcknowledged = () => readers.askEverybody();
}

class Readers {
  readonly #world: World;
  readonly #oracle: Oracle;
  readonly #rng: Rng;

  constructor(world: World, oracle: Oracle) {
    this.#world = world;
    this.#oracle = oracle;
    this.#rng = seededRng(hashOf(`${world.schedule.seed}/readers`));
  }

  /** Whoever believes to be active is asked right after each acknowledgement: nobody has had time to learn anything. */
  askEverybody(): void {
    for (const region of REGIONS) {
      for (const host of this.#world.cellsIn(region)) {
        if (host.process.running) host.process.deliver('answer', () => this.#ask(host));
      }
    }
  }

  #ask(host: CellProcess): void {
    const standing = host.cell.runtime.standing();
    if (standing.state !== 'active') return;
    const known = this.#oracle.acknowledgements.length;
    // A refusal is an honest answer; what the store says of a call that failed is the clients' business.
    this.#read(host, { epoch: asEpoch(standing.epoch), known }).catch((error: unknown) => {
      if (isPlatformError(error) && error.code === 'LEASE_NOT_HELD') this.#world.saw('strict read refused at the end');
    });
  }

  async #read({ process, cell }: CellProcess, asked: { epoch: Epoch; known: number }): Promise<void> {
    const aggregate = pick(this.#rng, STRICT_AGGREGATES);
    const bounds = { deadlineAtMs: process.monotonicMs() + READ_MS_MAX };
    const seen = await cell.runtime.store.read(aggregate, bounds);
    await cell.runtime.store.confirmOwner(asked.epoch, bounds);
    const entries = entriesOf(seen.items.get(LOG_ITEM));
    for (const acknowledged of this.#oracle.acknowledgements.slice(0, asked.known)) {
      const why = staleness(acknowledged, { epoch: asked.epoch, aggregate, entries });
      if (why !== null) this.#oracle.fail('stale-read', `${aggregate} at ${process.name} under ${asked.epoch}: ${why}`);
    }
  }
}

function staleness(
  { invocation, receipt }: Acknowledgement,
  answer: { readonly epoch: Epoch; readonly aggregate: string; readonly entries: string },
): string | null {
  const { entry, operation } = invocation;
  if (operation.lane || receipt.epoch < answer.epoch) return null;
  if (receipt.epoch > answer.epoch) return `${entry} had been acknowledged under ${receipt.epoch}`;
  const missing = operation.aggregate === answer.aggregate && !has(answer.entries, entry);
  return missing ? `lacks ${entry}, which had been acknowledged` : null;
}
