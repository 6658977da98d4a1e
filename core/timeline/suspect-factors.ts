/**
 * How suspect a change is, each thing that is weighed as a factor of 0 to 1 with its reason in words. The numbers only rank: what
 * matters is that a place or a version in common counts more than none known, and none known more than one that is different.
 */
import type { CellId, RegionName } from '../ids.ts';
import type { TimelineEntry } from './timeline.ts';

export interface Factor {
  readonly factor: number;
  /** `null`: nothing is known that would speak for or against it. */
  readonly reason: string | null;
}

/** What a change has reached, or what is ill. An empty list: nobody says. */
export interface Reach {
  readonly cells: readonly CellId[];
  readonly regions: readonly RegionName[];
  /** Releases and editions (`modes@17`) that it brings, or under which it fell ill. */
  readonly versions: readonly string[];
}

/** A change is half as suspect for each of these that passed until it went wrong. */
const HALF_LIFE_MS = 5 * 60_000;
/** A change that has no place in common with what is ill is not let off: dependencies are not in the scope. */
const ELSEWHERE = 0.1;
const NOT_BOUND = 0.6;
/** What is bound to a region alone could have hit any cell of it. */
const BOUND_TO_REGION = 0.8;
const NOTHING_TO_COMPARE = 0.8;
const ILL_WITHOUT_IT = 0.4;
/** Not less: an alarm tells what ran when it was raised, and a change may do harm by what it leaves behind. */
const OTHER_VERSION = 0.4;

export function reachOf(lines: readonly TimelineEntry[]): Reach {
  const scopes = lines.map(({ scope }) => scope);
  const versions = scopes.flatMap(({ release, document }) => [release ?? '', ...(document ?? '').split(' ')]);
  return {
    cells: unique(scopes.flatMap(({ cells }) => cells)),
    regions: unique(scopes.flatMap(({ regions }) => regions)),
    versions: unique(versions.filter((version) => version !== '')),
  };
}

export function timeFactor({ atMs }: TimelineEntry, onsetMs: number): Factor {
  const agoMs = Math.max(0, onsetMs - atMs);
  return { factor: 2 ** (-agoMs / HALF_LIFE_MS), reason: `${seconds(agoMs)} before it went wrong` };
}

export function placeFactor(reached: Reach, ill: Reach): Factor {
  const regions = placeOf(reached.regions, ill.regions);
  if (regions === 'elsewhere')
    return { factor: ELSEWHERE, reason: `in ${names(reached.regions)}, ill is ${names(ill.regions)}` };
  switch (placeOf(reached.cells, ill.cells)) {
    case 'elsewhere':
      return { factor: ELSEWHERE, reason: `reached ${names(reached.cells)}, ill is ${names(ill.cells)}` };
    case 'common': {
      const common = inCommon(reached.cells, ill.cells);
      const where = regions === 'common' ? ` in ${names(inCommon(reached.regions, ill.regions))}` : '';
      return { factor: 1, reason: `reached ${names(common)}${where}, which ${common.length === 1 ? 'is' : 'are'} ill` };
    }
    case 'unknown':
      return regions === 'common'
        ? { factor: BOUND_TO_REGION, reason: `in ${names(inCommon(reached.regions, ill.regions))}, where it is ill` }
        : { factor: NOT_BOUND, reason: 'not bound to a cell' };
  }
}

/** Those that have it ill, those without it well: the strongest sign that two versions side by side can give. */
export function mixtureFactor(reached: Reach, ill: Reach, cells: readonly CellId[]): Factor {
  const known = reached.cells.length > 0 && reached.cells.length < cells.length && ill.cells.length > 0;
  if (!known) return { factor: NOTHING_TO_COMPARE, reason: null };
  const without = cells.filter((cell) => !reached.cells.includes(cell));
  const illWithout = without.filter((cell) => ill.cells.includes(cell));
  if (illWithout.length > 0)
    return { factor: ILL_WITHOUT_IT, reason: `cells without it are ill, too (${names(illWithout)})` };
  const isIllWith = reached.cells.some((cell) => ill.cells.includes(cell));
  return isIllWith
    ? { factor: 1, reason: `cells without it (${names(without)}) are well` }
    : { factor: NOTHING_TO_COMPARE, reason: null };
}

/** Whether what fell ill ran just what the change brings. Only versions of the same thing are compared: releases, or one type of document. */
export function versionFactor(reached: Reach, ill: Reach): Factor {
  const kinds = new Set(reached.versions.map(kindOf));
  const comparable = ill.versions.filter((version) => kinds.has(kindOf(version)));
  if (comparable.length === 0) return { factor: NOTHING_TO_COMPARE, reason: null };
  const common = inCommon(reached.versions, comparable);
  return common.length > 0
    ? { factor: 1, reason: `what is ill ran ${names(common)}` }
    : { factor: OTHER_VERSION, reason: `what is ill ran ${names(comparable)}` };
}

/** `modes@17` → `modes`; a release has no such sign. */
function kindOf(version: string): string {
  const at = version.indexOf('@');
  return at < 0 ? 'release' : version.slice(0, at);
}

function placeOf<Name>(reached: readonly Name[], ill: readonly Name[]): 'common' | 'elsewhere' | 'unknown' {
  if (reached.length === 0 || ill.length === 0) return 'unknown';
  return inCommon(reached, ill).length > 0 ? 'common' : 'elsewhere';
}

function inCommon<Name>(reached: readonly Name[], ill: readonly Name[]): readonly Name[] {
  return reached.filter((name) => ill.includes(name));
}

const unique = <Name>(all: readonly Name[]): readonly Name[] => [...new Set(all)];
const names = (all: readonly string[]) => all.join(', ');

function seconds(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}
