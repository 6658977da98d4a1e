/**
 * When a cell's process in one region counts as ill, from what it says of its own answers and from whether it says anything.
 * Raised soon and cleared late, so that one bad second is one alarm and not ten; errors that really come and go still show as
 * several. Pure but for its memory of the last look.
 */
import type { AnswerTally } from '../../core/answer-counts.ts';

/** What one look saw of one process; `null`: no answer in time. */
export type Sight = {
  readonly processId: number;
  readonly release: string | null;
  /** Editions that run there (`modes@17`), without bundled defaults. */
  readonly documents: readonly string[];
  readonly total: AnswerTally;
} | null;

export type Ailment = 'errors' | 'silent';

export type Judgement =
  | { readonly change: 'raised'; readonly ailment: Ailment; readonly detail: string }
  | { readonly change: 'cleared'; readonly ailment: Ailment; readonly detail: string }
  | null;

/** Failed answers of one look: fewer are no alarm, whatever their share. */
const FAILED_MIN = 3;
const FAILED_SHARE_RAISE = 0.02;
/** Looks in a row that must be well before an alarm is over, and in which a process must be silent before it is one. */
const WELL_LOOKS_MIN = 3;
const SILENT_LOOKS_MIN = 2;

export class AlarmJudge {
  #before: Exclude<Sight, null> | null = null;
  #raised: Ailment | null = null;
  #wellLooks = 0;
  #silentLooks = 0;

  get raised(): Ailment | null {
    return this.#raised;
  }

  look(sight: Sight): Judgement {
    if (sight === null) return this.#silent();
    this.#silentLooks = 0;
    const { failed, answered } = this.#sinceLast(sight);
    this.#before = sight;
    if (failed >= FAILED_MIN && failed / answered >= FAILED_SHARE_RAISE) {
      this.#wellLooks = 0;
      return this.#raise('errors', `${failed} of ${answered} answers failed since the last look`);
    }
    if (this.#raised === null) return null;
    this.#wellLooks += failed === 0 ? 1 : 0;
    return this.#wellLooks < WELL_LOOKS_MIN ? null : this.#clear();
  }

  #silent(): Judgement {
    this.#silentLooks += 1;
    this.#wellLooks = 0;
    if (this.#silentLooks < SILENT_LOOKS_MIN) return null;
    return this.#raise('silent', `no answer to ${this.#silentLooks} looks in a row`);
  }

  /** Counts begin anew with the process: a smaller one is all there is since then. */
  #sinceLast({ processId, total }: Exclude<Sight, null>): { failed: number; answered: number } {
    const before = this.#before?.processId === processId ? this.#before.total : null;
    const since = (kind: keyof AnswerTally) =>
      total[kind] - (before?.[kind] ?? (this.#before === null ? total[kind] : 0));
    const failed = since('failed') + since('unknown');
    return { failed, answered: failed + since('ok') };
  }

  #raise(ailment: Ailment, detail: string): Judgement {
    if (this.#raised !== null) return null;
    this.#raised = ailment;
    return { change: 'raised', ailment, detail };
  }

  #clear(): Judgement {
    const ailment = this.#raised;
    this.#raised = null;
    this.#wellLooks = 0;
    return ailment === null
      ? null
      : { change: 'cleared', ailment, detail: `${WELL_LOOKS_MIN} looks without a failed answer` };
  }
}
