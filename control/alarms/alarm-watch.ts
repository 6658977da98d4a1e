/**
 * Looks at the cells' processes of its own region, at constant work, and tells the timeline when one falls ill and when it is
 * well again. It decides nothing and moves nothing: gates and automation have evidence of their own.
 */
import type { Clock } from '../../core/clock.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import type { Timeline } from '../../core/timeline/timeline.ts';
import { type Ailment, AlarmJudge, type Judgement, type Sight } from './alarm-judge.ts';

/** As fine as the order of a change and its effect has to be told; each look is one small request to each cell. */
const LOOK_EVERY_MS = 2_000;
const LOOK_MS_MAX = 1_000;

export interface StandingAlarm {
  readonly cell: CellId;
  readonly ailment: Ailment;
}

/** One status page of one process; resolves with `null` when it does not answer within the limit. Never rejects. */
export type LookAtCell = (cell: CellId, limit: { readonly withinMs: number }) => Promise<Sight>;

export interface AlarmWatchOptions {
  readonly region: RegionName;
  readonly cells: readonly CellId[];
  readonly look: LookAtCell;
  readonly timeline: Timeline;
  readonly clock: Clock;
  readonly rng: Rng;
}

interface Watched {
  readonly cell: CellId;
  readonly judge: AlarmJudge;
  /** Of the alarm that stands, or stood last. */
  story: string;
}

type Told = Exclude<Judgement, null> & { readonly sight: Sight };

export class AlarmWatch {
  readonly #o: AlarmWatchOptions;
  readonly #watched: readonly Watched[];

  constructor(options: AlarmWatchOptions) {
    this.#o = options;
    this.#watched = options.cells.map((cell) => ({ cell, judge: new AlarmJudge(), story: '' }));
  }

  get standing(): readonly StandingAlarm[] {
    return this.#watched.flatMap(({ cell, judge: { raised } }) => (raised === null ? [] : [{ cell, ailment: raised }]));
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      // Rejects only by the abort that ends the loop.
      await this.#o.clock.sleep(LOOK_EVERY_MS * (0.9 + 0.2 * this.#o.rng.next()), signal).catch(() => undefined);
    }
  }

  /** One look at every cell; never rejects. */
  async look(): Promise<void> {
    await Promise.all(this.#watched.map((watched) => this.#lookAt(watched)));
  }

  async #lookAt(watched: Watched): Promise<void> {
    const sight = await this.#o.look(watched.cell, { withinMs: LOOK_MS_MAX });
    const judgement = watched.judge.look(sight);
    if (judgement !== null) await this.#tell(watched, { ...judgement, sight });
  }

  /** A silent process names no version: the one seen last would clear the release that it dies of at its start. */
  async #tell(watched: Watched, { change, ailment, detail, sight }: Told): Promise<void> {
    const { region, clock, timeline } = this.#o;
    const atMs = clock.wallMs();
    if (change === 'raised') watched.story = `alarm ${watched.cell} ${region} ${atMs}`;
    const { cell, story } = watched;
    const release = sight?.release ?? null;
    const document = sight?.documents.join(' ') || null;
    const phase = change === 'raised' ? 'begins' : 'ends';
    await timeline.append({
      ...{ id: `${story} ${phase}`, story, kind: 'alarm', phase, atMs, by: `control@${region}`, why: detail },
      what: `${cell} in ${region}: ${ailment}${change === 'cleared' ? ', over' : ''}`,
      scope: { cells: [cell], regions: [region], release, document },
    });
  }
}
