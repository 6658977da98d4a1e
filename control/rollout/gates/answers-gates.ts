/**
 * Inside health: what cells themselves count of their answers. Two gates: `answers` looks at the last seconds of each process and
 * closes as soon as it is beyond doubt that it fails; `error-budget` adds up all answers since the change came to the cell, and
 * closes when more failed than a bake may cost. Neighbours count too: what breaks them is no less broken.
 *
 * One failure of three answers is a third and proves nothing, so both ask for a number of failures beside their share.
 */
import { forcedHow } from '../forced-gates.ts';
import type { Gate } from '../rollout-executor.ts';
import { named, sayer } from './finding.ts';
import { type Answers, placeOf, type SideEyes, type SideSight, type Sides } from './side-sight.ts';

/** At 50 answers a second a release that fails 5 % has failed so often within two seconds; a lost connection or two never do. */
export const FAILED_DECISIVE_MIN = 5;
/** Ten times what a healthy cell shows under load on a busy machine, less than half of what 5 % of failures would. */
export const FAILED_DECISIVE_RATIO = 0.02;
/** Of a bake: what a month at 99.9 % would allow for ten times its length, since a bake is short and its traffic little. */
export const BUDGET_RATIO = 0.01;
/** Fewer than this are noise whatever their share. */
export const BUDGET_FAILED_MIN = 3;

export function answersGate({ eyes }: { readonly eyes: SideEyes }): Gate {
  const say = sayer('answers');
  return {
    name: 'answers',
    midCell: true,
    look: async (_reached, limit) => {
      const sides = await eyes.look(limit);
      const bad = sides.seen.filter(({ recent }) => isDecisive(recent));
      if (bad.length > 0) return say.closed(`${named(bad.map(recentText))}. Allowed: ${FAILED_DECISIVE_RATIO * 100} %`);
      if (isBlind(sides)) return say.unknown(silentText(sides));
      const counts = sides.seen.map(({ recent }) => recent);
      const [failed, all] = [sum(counts, ({ failed: count }) => count), sum(counts, answered)];
      return say.open(`${failed} of ${all} answers failed in the last ${seconds(counts[0]?.windowMs ?? 0)}`);
    },
  };
}

export function errorBudgetGate({ eyes }: { readonly eyes: SideEyes }): Gate {
  const say = sayer('error-budget');
  const spent = new Spending();
  return {
    name: 'error-budget',
    midCell: false,
    look: async (reached, limit) => {
      const sides = await eyes.look(limit);
      spent.take(sides.seen);
      if (isBlind(sides)) return say.unknown(silentText(sides));
      const { failed, all } = spent.of(reached);
      const text = `${failed} of ${all} answers of ${reached.length === 0 ? 'all cells' : named(reached)} failed since this began`;
      const isSpent = failed >= BUDGET_FAILED_MIN && failed > BUDGET_RATIO * all;
      return isSpent
        ? say.closed(`${text}. Allowed: ${BUDGET_RATIO * 100} %, or ${forcedHow('error-budget')}`)
        : say.open(text);
    },
  };
}

/** Adds up what processes count, across their restarts; what they had counted before our first look is not ours. */
class Spending {
  readonly #last = new Map<string, { readonly incarnation: string; readonly total: Answers }>();
  readonly #spent = new Map<string, { cell: string; failed: number; all: number }>();

  take(seen: readonly SideSight[]): void {
    const first = this.#last.size === 0;
    for (const side of seen) {
      const place = placeOf(side);
      const last = this.#last.get(place);
      this.#last.set(place, side);
      const spent = this.#spent.get(place) ?? { cell: side.cell, failed: 0, all: 0 };
      this.#spent.set(place, spent);
      if (last === undefined && first) continue;
      const before = last?.incarnation === side.incarnation ? last.total : NOTHING;
      spent.failed += side.total.failed - before.failed;
      spent.all += answered(side.total) - answered(before);
    }
  }

  of(cells: readonly string[]): { readonly failed: number; readonly all: number } {
    const counted = [...this.#spent.values()].filter(({ cell }) => cells.length === 0 || cells.includes(cell));
    return { failed: sum(counted, ({ failed }) => failed), all: sum(counted, ({ all }) => all) };
  }
}

const NOTHING: Answers = { ok: 0, refused: 0, failed: 0, unknown: 0 };

/** A cell's both regions may not be silent at once; one alone may be on its way up, and the other one answers for the cell. */
export function isBlind({ seen, silent }: Sides): boolean {
  return silent.some(({ cell }) => !seen.some((side) => side.cell === cell)) || seen.length === 0;
}

export function silentText({ silent }: Sides): string {
  return silent.length === 0
    ? 'nobody was asked'
    : named(silent.map((side) => `${placeOf(side)} is silent: ${side.because}`));
}

function isDecisive(recent: Answers): boolean {
  return recent.failed >= FAILED_DECISIVE_MIN && recent.failed > FAILED_DECISIVE_RATIO * answered(recent);
}

/** What was refused by design is an answer, too: the share is one of everything that callers got. */
function answered({ ok, refused, failed, unknown }: Answers): number {
  return ok + refused + failed + unknown;
}

function recentText(side: SideSight): string {
  const { failed, windowMs } = side.recent;
  return `${placeOf(side)} failed ${failed} of ${answered(side.recent)} answers in the last ${seconds(windowMs)}`;
}

const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
function sum<T>(of: readonly T[], count: (each: T) => number): number {
  return of.reduce((total, each) => total + count(each), 0);
}
