/**
 * Brings an edition to the cells of a rollout, one after the other. Only the shelf decides who has it, and the shelf is written
 * under its record version and the rollout's fencing token: an orchestrator that was stopped and goes on late changes nothing.
 * Versions only grow, so taking back means a new edition with the old content, which no cell can refuse as older.
 *
 *   shelf   stable 4            stable 4, staged 5 [c01]         stable 5                  all is well
 *           hand-out c01 ─▶ confirm c01 ─▶ … ─▶ settle ──────────┘
 *                                  └ trouble ─▶ stable 6 (content of 4), nothing staged    taken back
 */
import type { Clock } from '../../core/clock.ts';
import type { DocumentType, Shelf } from '../../core/documents/document-type.ts';
import type { CellId } from '../../core/ids.ts';
import type { RolloutExecutor, StepLimit, StepResult } from '../rollout/rollout-executor.ts';
import type { DocumentEyes, SeenEdition } from './document-eyes.ts';
import type { DocumentStore } from './document-store.ts';
import { beforeOf, draftEdition } from './draft-edition.ts';

export interface DocumentExecutorOptions {
  readonly store: DocumentStore;
  readonly eyes: DocumentEyes;
  readonly clock: Clock;
  readonly type: DocumentType;
  /** Of the edition that is rolled out; it is kept already. */
  readonly version: number;
  /** Who rolls it out; what is taken back is taken back in this name. */
  readonly by: string;
}

/** A process asks about once a second; one that is on its way up is ready within as many. */
const CONFIRM_MS_MAX = 10_000;
const LOOK_EVERY_MS = 200;
const ARBITER_MS_MAX = 1_000;
const LOOK_MS_MAX = 1_000;
/** Somebody publishes at once beside the rollout; more conflicts in a row mean something else. */
const SAVE_TRIES_MAX = 5;

/** `null`: it is so already, and nothing is to be written. */
type Change = (
  shelf: Shelf,
) => Promise<{ readonly next: Pick<Shelf, 'stable' | 'staged'> | null; readonly result: StepResult }>;

export class DocumentExecutor implements RolloutExecutor {
  readonly steps = ['hand-out', 'confirm'];
  readonly callMsMax = CONFIRM_MS_MAX + SAVE_TRIES_MAX * 2 * ARBITER_MS_MAX;
  readonly #o: DocumentExecutorOptions;
  readonly #limit = { withinMs: ARBITER_MS_MAX };

  constructor(options: DocumentExecutorOptions) {
    this.#o = options;
  }

  take({ cell, step }: { readonly cell: CellId; readonly step: string }, limit: StepLimit): Promise<StepResult> {
    if (step === 'hand-out') return this.#handOut(cell, limit);
    if (step === 'confirm') return this.#untilSeen(cell, { limit, wanted: 'the edition' });
    return Promise.resolve(failed(`no step ${step}; allowed: ${this.steps.join(', ')}`));
  }

  async undo(cell: CellId, limit: StepLimit): Promise<StepResult> {
    const back = await this.#takeBack(limit);
    if (back.outcome !== 'done') return back;
    return this.#untilSeen(cell, { limit, wanted: 'another' });
  }

  settle(limit: StepLimit): Promise<StepResult> {
    return this.#change(limit, async ({ stable, staged }) => {
      if (stable?.version === this.#o.version) return unchanged(done(`${this.#name} is the stable edition`));
      if (staged?.edition.version !== this.#o.version) return unchanged(failed(this.#goneFrom({ stable, staged })));
      return { next: { stable: staged.edition, staged: null }, result: done(`${this.#name} is the stable edition`) };
    });
  }

  withdraw(limit: StepLimit): Promise<StepResult> {
    return this.#takeBack(limit);
  }

  get #name(): string {
    return `${this.#o.type.name}@${this.#o.version}`;
  }

  async #handOut(cell: CellId, limit: StepLimit): Promise<StepResult> {
    const { store, type, version } = this.#o;
    const kept = await store.edition({ type: type.name, version }, this.#limit);
    if (kept === null) return failed(`there is no edition ${this.#name}`);
    return this.#change(limit, async ({ stable, staged }) => {
      const handed = done(`${cell} gets ${this.#name}`);
      if (stable?.version === version) return unchanged(handed);
      if ((stable?.version ?? 0) > version || (staged !== null && staged.edition.version !== version)) {
        return unchanged(failed(this.#goneFrom({ stable, staged })));
      }
      if (staged?.cells.includes(cell)) return unchanged(handed);
      const cells = [...(staged?.cells ?? []), cell];
      return { next: { stable, staged: { edition: kept.edition, cells } }, result: handed };
    });
  }

  /** The content that was stable comes again as a new edition, for everybody at once: to all but a few it says nothing new. */
  #takeBack(limit: StepLimit): Promise<StepResult> {
    const { store, clock, type, by, version } = this.#o;
    return this.#change(limit, async (shelf) => {
      const { stable, staged } = shelf;
      if ((stable?.version ?? 0) > version) return unchanged(done(`${type.name}@${stable?.version} is in its place`));
      if (stable?.version === version)
        return unchanged(failed(`${this.#name} is stable already; roll the document back`));
      // Written all the same: the token keeps a hand-out from coming late.
      if (staged?.edition.version !== version) return { next: { stable, staged }, result: done('nobody has it') };
      const { body, version: restores } = beforeOf(type, shelf);
      const draft = { type, shelf, body, by, why: `${this.#name} was taken back`, restores, forced: [] };
      const kept = await draftEdition(draft, { store, clock, limit: this.#limit });
      const result = done(`taken back: ${type.name}@${kept.edition.version} has the content from before`);
      return { next: { stable: kept.edition, staged: null }, result };
    });
  }

  /** Reads, decides, and writes over exactly what was read; again when somebody else wrote between. */
  async #change({ token, signal }: StepLimit, change: Change): Promise<StepResult> {
    const { store, type } = this.#o;
    for (let tries = 0; tries < SAVE_TRIES_MAX && !signal.aborted; tries++) {
      const shelf = await store.shelf(type.name, this.#limit);
      if (shelf.token > token) return failed(`another orchestrator has gone on (token ${shelf.token}, ours ${token})`);
      const { next, result } = await change(shelf);
      if (next === null) return result;
      const written = { ...shelf, ...next, token, recordVersion: shelf.recordVersion + 1 };
      if (await store.saveShelf(written, this.#limit)) return result;
    }
    return { outcome: 'unknown', note: `the shelf of ${type.name} was written by others all the while` };
  }

  async #untilSeen(
    cell: CellId,
    { limit, wanted }: { readonly limit: StepLimit; readonly wanted: 'the edition' | 'another' },
  ): Promise<StepResult> {
    const { eyes, clock, type, version: ours } = this.#o;
    const isThere = (version: number) => (wanted === 'another' ? version !== ours : version >= ours);
    const endAtMs = clock.monotonicMs() + Math.min(limit.withinMs, CONFIRM_MS_MAX);
    for (;;) {
      const seen = await eyes.look({ cell, type: type.name }, { withinMs: LOOK_MS_MAX });
      const refused = seen.find((each) => each.refused?.version === ours && each.version !== ours);
      if (refused && wanted === 'the edition')
        return failed(`${cell} in ${refused.region} refuses ${this.#name}: ${refused.refused?.reason}`);
      if (seen.length > 0 && seen.every(({ version }) => version !== null && isThere(version)))
        return done(sightOf(seen));
      if (clock.monotonicMs() >= endAtMs || limit.signal.aborted) return { outcome: 'unknown', note: sightOf(seen) };
      await clock.sleep(LOOK_EVERY_MS, limit.signal).catch(() => undefined); // Aborted: the next turn ends it.
    }
  }

  #goneFrom({ stable, staged }: Pick<Shelf, 'stable' | 'staged'>): string {
    return `${this.#name} has no place on the shelf any more (stable: ${stable?.version ?? 'bundled'}, staged: ${staged?.edition.version ?? 'none'})`;
  }
}

const done = (note: string): StepResult => ({ outcome: 'done', note });
const failed = (note: string): StepResult => ({ outcome: 'failed', note });
const unchanged = (result: StepResult) => ({ next: null, result });

function sightOf(seen: readonly SeenEdition[]): string {
  const lines = seen.map(({ region, version }) => `${region} ${version === null ? 'is silent' : `runs ${version}`}`);
  return lines.length === 0 ? 'the cell has no process' : lines.join(', ');
}
