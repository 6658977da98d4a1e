/**
 * What clients see of one cell in one region, from the counters of the routers: a run of failures that no success broke.
 * Independent of what the platform says about itself: nothing here comes from a lease, a store or the arbiter. Bounded: a few
 * numbers for each link and router, however long it watches.
 *
 * Slow is told from dead: a caller that was impatient says nothing, and an answer that is late is an answer. The idea of
 * counting only what real requests meet is that of outlier detection (Envoy: "consecutive gateway failures").
 */
import type { CellId, RegionName } from '../../../core/ids.ts';
import type { Signal } from './verdict.ts';

/** What a router has counted for one link since it started. */
export interface LinkTally {
  readonly cell: CellId;
  readonly region: RegionName;
  /** Whole answers, of any status. */
  readonly answered: number;
  /** Of those: the region refused by itself (421, 5xx). */
  readonly declined: number;
  /** No connection, a connection lost, or long silence. */
  readonly failed: number;
}

export interface RouterTally {
  readonly router: RegionName;
  readonly links: readonly LinkTally[];
}

/** Fewer failures than this are an accident. */
export const FAILURES_MIN = 3;
/** A look with more successes than this share is no failure of the region, whatever else it holds. */
export const SUCCESS_SHARE_MAX = 0.1;
/** What nobody has seen for this long says nothing about now. A router tries an avoided region at least every 2.5 s. */
export const FORGET_MS = 5_000;
/** A success speaks for the region for a shorter time: until the counters are looked at again, even while all is well. */
export const SUCCESS_MS = 4_500;

interface Run {
  readonly last: LinkTally;
  readonly failures: number;
  readonly failedAtMs: number | null;
  /** Whether any of those failures was an answer: a region that refuses is not a silent one. */
  readonly refused: boolean;
  readonly succeededAtMs: number | null;
}

export class ClientSignals {
  readonly #runs = new Map<string, Run>();

  add(tally: RouterTally, atMs: number): void {
    for (const link of tally.links) {
      const key = `${tally.router}>${link.cell}@${link.region}`;
      const before = this.#runs.get(key);
      this.#runs.set(key, before === undefined ? begun(link) : continued(before, link, atMs));
    }
  }

  of(place: { readonly cell: CellId; readonly region: RegionName; readonly nowMs: number }): {
    readonly signal: Signal;
    readonly answers: boolean | null;
  } {
    const runs = [...this.#runs.values()].filter(
      ({ last }) => last.cell === place.cell && last.region === place.region,
    );
    const within = (atMs: number | null, ms: number) => atMs !== null && place.nowMs - atMs <= ms;
    const failing = runs.filter((run) => within(run.failedAtMs, FORGET_MS));
    const succeeded = runs.some((run) => run.failures === 0 && within(run.succeededAtMs, SUCCESS_MS));
    const answers = succeeded || failing.some((run) => run.refused);
    return { signal: signalOf({ failing, succeeded }), answers: answers || (failing.length > 0 ? false : null) };
  }
}

/** Any router that gets through outweighs all that do not: then the fault lies between, and not with the region. */
function signalOf({ failing, succeeded }: { failing: readonly Run[]; succeeded: boolean }): Signal {
  const failures = failing.reduce((sum, run) => sum + run.failures, 0);
  if (succeeded) return { says: 'good', because: 'requests succeed there' };
  if (failures >= FAILURES_MIN) return { says: 'bad', because: `${failures} requests failed there in a row` };
  const because = failures === 0 ? 'nobody asked there lately' : `only ${failures} requests failed there`;
  return { says: 'unknown', because };
}

function begun(last: LinkTally): Run {
  return { last, failures: 0, failedAtMs: null, refused: false, succeededAtMs: null };
}

function continued(before: Run, last: LinkTally, atMs: number): Run {
  // A router that was started again counts from nothing: what it counted before is not known to be over.
  if (last.answered < before.last.answered || last.failed < before.last.failed) return { ...before, last };
  const declined = last.declined - before.last.declined;
  const good = Math.max(0, last.answered - before.last.answered - declined);
  const bad = last.failed - before.last.failed + declined;
  if (good > SUCCESS_SHARE_MAX * (good + bad)) return { ...begun(last), succeededAtMs: atMs };
  if (bad === 0) return { ...before, last };
  const refused = before.refused || declined > 0;
  return { ...before, last, failures: before.failures + bad, failedAtMs: atMs, refused };
}
