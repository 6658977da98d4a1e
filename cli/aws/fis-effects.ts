/**
 * Whether an experiment of AWS FIS bites, seen from outside: a service that is slow or fails when it is asked, a keeper that fails
 * when it is rung, entries that stay in a journal, an arbiter that does not answer in its region. FIS's own word is none of it:
 * a function that was made without the extension ignores what FIS was told to do to it.
 */
import { addressKey } from '../../cell/functions/address-book.ts';
import { journalShards } from '../../cell/replication/journal.ts';
import { journalPk } from '../../cell/store/table-layout.ts';
import { QUERY_LIMIT_MAX, type Table } from '../../cell/table/table.ts';
import type { RegionFunctions } from '../../control/aws/region-functions.ts';
import { cellFunctionName, LIVE } from '../../core/aws-names.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { NamedExperiment } from '../../drills/ports/platform-port.ts';

export type EffectKind = 'slow' | 'dead' | 'keepers' | 'journals' | 'arbiter';

export interface FisEffectOptions {
  /** Cells whose functions the experiment reaches in the region, and how it shows. */
  readonly aimOf: (experiment: NamedExperiment) => { readonly kind: EffectKind; readonly cells: readonly CellId[] };
  /** Where a cell's services are asked in a region; past routers. */
  readonly urlOf: (cell: CellId, region: RegionName) => string;
  readonly functions: (region: string) => Pick<RegionFunctions, 'invoke'>;
  readonly arbiter: (region: RegionName) => Table;
  readonly store: (cell: CellId, region: RegionName) => Table;
  readonly clock: Clock;
  /** An answer that takes this long is slow. Default: half of the delay that the templates add. */
  readonly slowFromMs?: number;
}

const SLOW_FROM_MS = 2_500;
const ANSWER_MS_MAX = 10_000;
const ARBITER_MS_MAX = 3_000;
const INVOKE_MS_MAX = 15_000;
/** The first wave, or a handful of a large region: enough to know, and not a load. */
const ASKED_MAX = 4;
const SERVER_ERRORS = 500;
const RUNG = { holdfast: 'ring' };

export class FisEffects {
  readonly #o: FisEffectOptions;
  /** Entries that the last look found, by journal: one that two looks find was not shipped. */
  readonly #entries = new Map<string, ReadonlySet<string>>();

  constructor(options: FisEffectOptions) {
    this.#o = options;
  }

  /** Of every cell that is asked; `null` when one of them is well. */
  async seen(experiment: NamedExperiment): Promise<string | null> {
    const { kind, cells } = this.#o.aimOf(experiment);
    const region = experiment.region as RegionName;
    if (kind === 'arbiter') return this.#arbiterSilent(region, cells[0]);
    const asked = cells.slice(0, ASKED_MAX);
    if (kind === 'journals') return this.#entriesStay(asked, region);
    const told = await Promise.all(asked.map((cell) => this.#ofCell(kind, { cell, region })));
    return told.length > 0 && told.every((text) => text !== null) ? told.join(', ') : null;
  }

  #ofCell(kind: 'slow' | 'dead' | 'keepers', at: { cell: CellId; region: RegionName }): Promise<string | null> {
    return kind === 'keepers' ? this.#keeperFails(at) : this.#serviceHit(kind, at);
  }

  async #serviceHit(kind: 'slow' | 'dead', { cell, region }: { cell: CellId; region: RegionName }) {
    const { clock, urlOf, slowFromMs = SLOW_FROM_MS } = this.#o;
    const beganMs = clock.monotonicMs();
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const { status, headers } = await fetch(`${urlOf(cell, region)}/products?limit=1`, { signal });
      const tookMs = Math.round(clock.monotonicMs() - beganMs);
      if (kind === 'slow') return tookMs >= slowFromMs ? `${cell}@${region} answers after ${tookMs} ms` : null;
      // What runs names its cell, whatever it answers.
      const ran = status < SERVER_ERRORS || headers.has('x-cell');
      return ran ? null : `${cell}@${region} answers ${status} and did not run`;
    } catch {
      // No answer within ten seconds: slow without doubt; and of a dead one nothing is known.
      return kind === 'slow' ? `${cell}@${region} did not answer within ${ANSWER_MS_MAX} ms` : null;
    }
  }

  async #keeperFails({ cell, region }: { cell: CellId; region: RegionName }): Promise<string | null> {
    const name = `${cellFunctionName(cell, 'keeper')}:${LIVE}`;
    const signal = AbortSignal.timeout(INVOKE_MS_MAX);
    const { functionError } = await this.#o.functions(region).invoke(name, RUNG, signal);
    return functionError === null ? null : `the keeper of ${cell}@${region} fails when it is rung`;
  }

  async #entriesStay(cells: readonly CellId[], region: RegionName): Promise<string | null> {
    const found = await Promise.all(cells.map((cell) => this.#entriesOf(cell, region)));
    const stayed = found.reduce((sum, count) => sum + count, 0);
    return stayed === 0 ? null : `${stayed} entries of the journals in ${region} were there at two looks`;
  }

  async #entriesOf(cell: CellId, region: RegionName): Promise<number> {
    const bounds = { deadlineAtMs: this.#o.clock.monotonicMs() + ANSWER_MS_MAX, limit: QUERY_LIMIT_MAX };
    const store = this.#o.store(cell, region);
    const pages = await Promise.all(journalShards.map((shard) => store.query(journalPk(shard), bounds)));
    const now = new Set(pages.flatMap(({ items }) => items.map(({ sk }) => sk)));
    const before = this.#entries.get(`${cell}@${region}`) ?? new Set();
    this.#entries.set(`${cell}@${region}`, now);
    return [...now].filter((entry) => before.has(entry)).length;
  }

  async #arbiterSilent(region: RegionName, cell: CellId | undefined): Promise<string | null> {
    if (cell === undefined) return null;
    const bounds = { deadlineAtMs: this.#o.clock.monotonicMs() + ARBITER_MS_MAX };
    const answers = await this.#o
      .arbiter(region)
      .get(addressKey({ cell, region }), bounds)
      .then(
        () => true,
        () => false,
      );
    return answers ? null : `the arbiter does not answer a strong read in ${region}`;
  }
}
