/**
 * A platform whose documents are published, on a fake clock: a table in memory for the arbiter, two processes of each cell that
 * follow it, and publishers that can be killed at any call they make. Each process checks for itself that it never goes back.
 */
import { DocumentCopies } from '../../../cell/documents/document-copies.ts';
import { DocumentReader } from '../../../cell/documents/document-reader.ts';
import { MemoryTable } from '../../../cell/table/memory-table.ts';
import { tableDocumentStore } from '../../../control/adapters/table-document-store.ts';
import { tableRolloutRecords } from '../../../control/adapters/table-rollout-records.ts';
import type { DocumentEyes } from '../../../control/documents/document-eyes.ts';
import { documentMeans, documentName } from '../../../control/documents/document-means.ts';
import { keepDraft, type PublishPorts, planPublish } from '../../../control/documents/publishing.ts';
import { RolloutMachine } from '../../../control/rollout/rollout-machine.ts';
import type { RolloutRecord } from '../../../control/rollout/rollout-record.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Shelf } from '../../../core/documents/document-type.ts';
import { DOCUMENT_TYPES } from '../../../core/documents/document-types.ts';
import { type Ranking, rankingDocument } from '../../../core/documents/ranking-document.ts';
import { FakeClock } from '../../../core/fake-clock.ts';
import { type CellId, regionName } from '../../../core/ids.ts';
import { seededRng } from '../../../core/rng.ts';
import topology from '../../../platform.config.ts';

export const LIMIT = { withinMs: 1_000 };
export const REGIONS = [regionName('us-east-1'), regionName('us-west-2')];
export const CELLS = topology.cells.map(({ id }) => id);
const TURN_MS = 100;
const TURNS_MAX = 4_000;

export const ranking = (weight: number): Ranking => ({ features: [{ name: 'whole-word', weight }] });

export class DocumentWorld {
  readonly clock = new FakeClock();
  readonly table = new MemoryTable();
  readonly store = tableDocumentStore({ arbiter: this.table, clock: this.clock });
  readonly records = tableRolloutRecords({ arbiter: this.table, clock: this.clock });
  readonly processes = CELLS.flatMap((cell) => REGIONS.map((region) => this.#process(cell, region)));
  readonly wentBack: string[] = [];
  /** A cell whose processes take none of these versions, as those of an older release would. */
  stubborn: { readonly cell: CellId; readonly version: number } | null = null;
  readonly silent = new Set<CellId>();

  /** Lets processes ask and time pass. */
  async turn(): Promise<void> {
    for (const { cell, reader, copies, place, seen } of this.processes) {
      const shelf = await this.shelf();
      const refuses = this.stubborn?.cell === cell && shelf.staged?.edition.version === this.stubborn.version;
      if (!refuses) await reader.refresh();
      const { version } = copies.current(rankingDocument);
      if (version < seen.version) this.wentBack.push(`${place}: ${seen.version} → ${version}`);
      seen.version = version;
    }
    await this.clock.advance(TURN_MS);
  }

  shelf(): Promise<Shelf> {
    return this.store.shelf('ranking', LIMIT);
  }

  /** What each process runs. */
  running(): readonly { readonly place: string; readonly version: number; readonly weight: number | undefined }[] {
    return this.processes.map(({ place, copies }) => {
      const { version, body } = copies.current(rankingDocument);
      return { place, version, weight: body.features[0]?.weight };
    });
  }

  eyes(point: () => Promise<void> = async () => undefined): DocumentEyes {
    return {
      look: async ({ cell }) => {
        await point();
        return this.processes
          .filter((each) => each.cell === cell)
          .map(({ region, copies }) => {
            const version = this.silent.has(cell) ? null : copies.current(rankingDocument).version;
            const refused = this.stubborn?.cell === cell ? { version: this.stubborn.version, reason: 'unknown' } : null;
            return { region, version, refused };
          });
      },
    };
  }

  #process(cell: CellId, region: (typeof REGIONS)[number]) {
    const copies = new DocumentCopies(DOCUMENT_TYPES);
    const of = { arbiter: this.table, copies, types: DOCUMENT_TYPES, cell, clock: this.clock, rng: seededRng(1) };
    return {
      ...{ cell, region, copies, place: `${cell}@${region}`, seen: { version: 0 } },
      reader: new DocumentReader({ ...of, keeping: null }),
    };
  }
}

export type Ended = { readonly record: RolloutRecord } | { readonly error: unknown } | 'killed';

/** One process that publishes. Every call that it makes, before and after, is a point at which it can be killed. */
export class Publisher {
  readonly #world: DocumentWorld;
  readonly #killAt: number | null;
  readonly ports: PublishPorts;
  readonly machine: RolloutMachine;
  points = 0;
  #isDead = false;

  constructor(world: DocumentWorld, name: string, killAt: number | null = null) {
    this.#world = world;
    this.#killAt = killAt;
    const clock: Clock = {
      monotonicMs: () => world.clock.monotonicMs(),
      wallMs: () => world.clock.wallMs(),
      sleep: async (ms, signal) => {
        await world.clock.sleep(ms, signal);
        if (this.#isDead) await new Promise(() => undefined);
      },
    };
    const store = mortal(world.store, () => this.point());
    this.ports = { store, clock, topology };
    let ids = 0;
    this.machine = new RolloutMachine({
      records: mortal(world.records, () => this.point()),
      clock,
      newId: () => `${name}-${++ids}`,
      meansFor: (change) => documentMeans(change.what, { store, clock, eyes: world.eyes(() => this.point()) }),
    });
  }

  async publish(body: Ranking, { by = 'ann', why = 'mugs' } = {}): Promise<RolloutRecord> {
    const wish = { type: rankingDocument, text: JSON.stringify(body), by, why, force: false };
    const kept = await keepDraft(this.ports, await planPublish(this.ports, wish));
    const { waves } = topology;
    return this.machine.run({ kind: 'document', what: documentName(kept), waves, bakeMs: 300, by, why, forced: [] });
  }

  /** Until it ends or is killed; processes ask and time passes meanwhile. */
  async drive(work: Promise<RolloutRecord>): Promise<Ended> {
    let ended: Ended | null = null;
    void work.then(
      (record) => {
        ended = { record };
      },
      (error: unknown) => {
        ended = { error };
      },
    );
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      await this.#world.turn();
      if (ended !== null) return ended;
      if (this.#isDead) return 'killed';
    }
    throw new Error('it never ended');
  }

  async point(): Promise<void> {
    this.points += 1;
    if (this.points === this.#killAt) this.#isDead = true;
    if (this.#isDead) await new Promise(() => undefined);
  }
}

/** The same port, struck before and after each call. */
function mortal<Port extends object>(port: Port, point: () => Promise<void>): Port {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        await point();
        const result: unknown = await Reflect.apply(method, target, args);
        await point();
        return result;
      };
    },
  });
}
