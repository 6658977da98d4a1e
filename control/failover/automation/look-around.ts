/**
 * The looks that only doubt pays for: do stores of both regions answer here, can the receiver serve, and what was moved lately?
 * All at once and briefly; what does not answer is the finding.
 */
import type { Clock } from '../../../core/clock.ts';
import type { CellId, RegionName } from '../../../core/ids.ts';
import type { Topology } from '../../../core/topology.ts';
import { ARBITER_MS_MAX, EVIDENCE_MS_MAX } from '../failover-limits.ts';
import { type FailoverRecord, isTerminal } from '../failover-record.ts';
import type { AutomationEyes } from './automation-eyes.ts';
import type { AutomationStore } from './automation-store.ts';
import { LeftBehind } from './left-behind.ts';
import type { CellObservation, LeftBehindMove } from './observation.ts';

/** Of both regions together: enough to tell our own blindness from a region's, whatever the platform's size. */
export const STORES_ASKED_MAX = 64;

export interface Surroundings {
  readonly stores: { readonly asked: number; readonly answered: number };
  readonly cells: ReadonlyMap<CellId, Pick<CellObservation, 'receiverAnswers' | 'changing' | 'leftBehind'>>;
  /** `null`: not read. */
  readonly records: readonly FailoverRecord[] | null;
}

export class LookAround {
  readonly #o: LookAroundOptions;
  readonly #leftBehind: LeftBehind;

  constructor(options: LookAroundOptions) {
    this.#o = options;
    this.#leftBehind = new LeftBehind(options.clock);
  }

  /** Nothing is in doubt: what was not looked at meanwhile may have moved. */
  rest(): void {
    this.#leftBehind.forget();
  }

  async look(
    doubtful: readonly CellObservation[],
    { moving }: { readonly moving: ReadonlySet<CellId> },
  ): Promise<Surroundings> {
    const { store, topology } = this.#o;
    const all = topology.cells.map((spec) => spec.id);
    const [stores, receivers, records] = await Promise.all([
      this.#askStores(),
      Promise.all(doubtful.map(({ cell }) => this.#receiverAnswers(cell))),
      store.records(all, { withinMs: ARBITER_MS_MAX }).catch(unanswered),
    ]);
    const left = this.#leftBehind.of(records ?? []);
    const found = doubtful.map(({ cell }, index) => {
      const changing = records && (moving.has(cell) || records.some((record) => isRunning(record, cell)));
      const record = moving.has(cell) ? undefined : left.get(cell);
      const leftBehind = record === undefined ? null : summaryOf(record);
      return [cell, { receiverAnswers: receivers[index] ?? null, changing, leftBehind }] as const;
    });
    return { stores, cells: new Map(found), records };
  }

  async #askStores(): Promise<Surroundings['stores']> {
    const { topology, eyes } = this.#o;
    const places = topology.cells
      .flatMap(({ id: cell, home, standby }) => [home, standby].map((region) => ({ cell, region })))
      .slice(0, STORES_ASKED_MAX);
    const answers = await Promise.all(places.map((place) => eyes.storeAnswers(place, { withinMs: EVIDENCE_MS_MAX })));
    return { asked: places.length, answered: answers.filter((yes) => yes).length };
  }

  async #receiverAnswers(cell: CellId): Promise<boolean> {
    const { eyes, region } = this.#o;
    const limit = { withinMs: EVIDENCE_MS_MAX };
    const place = { cell, region };
    const answers = await Promise.all([eyes.storeAnswers(place, limit), eyes.hostAnswers(place, limit)]);
    return answers.every((yes) => yes);
  }
}

interface LookAroundOptions {
  readonly region: RegionName;
  readonly topology: Topology;
  readonly clock: Clock;
  readonly eyes: AutomationEyes;
  readonly store: AutomationStore;
}

function summaryOf({ id, step, decision, log }: FailoverRecord): LeftBehindMove {
  const resumed = log.filter(({ outcome }) => outcome === 'resumed').length;
  return { id, step, planned: decision.kind !== 'failover', to: decision.to, resumed };
}

const isRunning = (record: FailoverRecord, cell: CellId) => record.decision.cell === cell && !isTerminal(record.step);

/** Not answered in time is the finding. */
const unanswered = () => null;
