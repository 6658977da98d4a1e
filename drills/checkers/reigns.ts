/**
 * Who owned a cell when, told from acknowledgements alone: a reign is one epoch of one cell, with the regions that
 * acknowledged fenced writes under it and the instant of its first acknowledgement.
 */
import { type History, isFencedWrite, isOk, type OkCall } from '../history/call.ts';

export interface Reign {
  readonly cell: string;
  readonly epoch: number;
  /** More than one is a violation. */
  readonly regions: ReadonlySet<string>;
  /** The acknowledgement that completed first. */
  readonly first: OkCall;
}

/** Reigns of every cell by ascending epoch. */
export function reignsOf(history: History): ReadonlyMap<string, readonly Reign[]> {
  const byCell = new Map<string, Map<number, { regions: Set<string>; first: OkCall }>>();
  for (const call of acknowledgedFencedWrites(history)) {
    const reigns = byCell.get(call.cell) ?? new Map<number, { regions: Set<string>; first: OkCall }>();
    byCell.set(call.cell, reigns);
    const reign = reigns.get(call.epoch) ?? { regions: new Set<string>(), first: call };
    reigns.set(call.epoch, reign);
    reign.regions.add(call.region);
  }
  return new Map([...byCell].map(([cell, reigns]) => [cell, sorted(cell, reigns)]));
}

/** In the order of acknowledgement, with region and epoch known (the reader refuses others). */
export function acknowledgedFencedWrites(
  history: History,
): readonly (OkCall & { readonly region: string; readonly epoch: number })[] {
  return history.calls
    .filter(isOk)
    .filter(isFencedWrite)
    .filter((call): call is OkCall & { region: string; epoch: number } => call.region !== null && call.epoch !== null)
    .sort((a, b) => a.completedAtMs - b.completedAtMs);
}

function sorted(
  cell: string,
  reigns: ReadonlyMap<number, { readonly regions: ReadonlySet<string>; readonly first: OkCall }>,
): readonly Reign[] {
  return [...reigns].map(([epoch, reign]) => ({ cell, epoch, ...reign })).sort((a, b) => a.epoch - b.epoch);
}
