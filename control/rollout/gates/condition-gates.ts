/**
 * Gates on the condition that cells are in: what has not reached the other region (`lag`), and processes that run out of memory or
 * die (`processes`). Neither can be forced: without a peer that has everything, and without a process that lasts, a cell has
 * nothing to fall back to.
 */
import type { Gate } from '../rollout-executor.ts';
import { isBlind, silentText } from './answers-gates.ts';
import { named, sayer } from './finding.ts';
import { placeOf, type SideEyes } from './side-sight.ts';

/** A side that was just replaced has taken in what came meanwhile long before; longer means that it does not take it in. */
export const LAG_MS_MAX = 10_000;
/** Above it the collector works without end, and the process dies before the next wave has baked. */
export const HEAP_RATIO_MAX = 0.85;

export function lagGate({ eyes }: { readonly eyes: SideEyes }): Gate {
  const say = sayer('lag');
  /** At the first look: what lay in quarantine before is not ours. */
  let before: ReadonlyMap<string, number> | null = null;
  return {
    name: 'lag',
    midCell: false,
    look: async (_reached, limit) => {
      const sides = await eyes.look(limit);
      const { seen, silent } = sides;
      before ??= new Map(seen.map((side) => [placeOf(side), side.quarantined ?? 0]));
      const late = seen.filter(({ lagMs }) => (lagMs ?? 0) > LAG_MS_MAX);
      const grown = seen.filter((side) => (side.quarantined ?? 0) > (before?.get(placeOf(side)) ?? 0));
      const alone = seen.filter(({ peer }) => peer === 'gone');
      const troubles = [
        ...late.map((side) => `${placeOf(side)} is ${Math.round(side.lagMs ?? 0)} ms behind`),
        ...grown.map((side) => `${placeOf(side)} has ${side.quarantined} commits in quarantine`),
        ...alone.map((side) => `${placeOf(side)} has lost its peer`),
      ];
      if (troubles.length > 0)
        return say.closed(`${named(troubles)}. Allowed: ${LAG_MS_MAX} ms, no new quarantine, a peer`);
      // Both regions are needed here: the silent one may be the one that lags.
      if (silent.length > 0 || isBlind(sides)) return say.unknown(silentText(sides));
      const blank = seen.filter(({ lagMs, quarantined }) => lagMs === null || quarantined === null);
      if (blank.length > 0)
        return say.unknown(`${named(blank.map(placeOf))} does not know yet what the other region lacks`);
      return say.open(`at most ${Math.round(Math.max(...seen.map(({ lagMs }) => lagMs ?? 0)))} ms behind`);
    },
  };
}

export function processesGate({ eyes }: { readonly eyes: SideEyes }): Gate {
  const say = sayer('processes');
  /** Deaths at the first look at each: those are not ours. */
  const before = new Map<string, number>();
  return {
    name: 'processes',
    // A process that is replaced is asked to go: what dies by itself is harm at any moment of a step.
    midCell: true,
    look: async (_reached, limit) => {
      const sides = await eyes.look(limit);
      const { seen, silent } = sides;
      for (const side of seen) if (!before.has(placeOf(side))) before.set(placeOf(side), side.deaths);
      const died = seen.filter((side) => side.deaths > (before.get(placeOf(side)) ?? 0));
      const full = seen.filter(({ heapRatio }) => (heapRatio ?? 0) > HEAP_RATIO_MAX);
      const troubles = [
        ...died.map((side) => `${placeOf(side)} died and was started again`),
        ...full.map((side) => `${placeOf(side)} uses ${Math.round((side.heapRatio ?? 0) * 100)} % of its memory`),
      ];
      if (troubles.length > 0)
        return say.closed(`${named(troubles)}. Allowed: ${HEAP_RATIO_MAX * 100} % of the memory, and no death`);
      if (silent.length > 0 || isBlind(sides)) return say.unknown(silentText(sides));
      return say.open(`${seen.length} processes run`);
    },
  };
}
