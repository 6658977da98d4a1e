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
  /** The one that completed last. */
  readonly last: OkCall;
}

/** Reigns of every cell by ascending epoch. */
export function reignsOf(history: History): ReadonlyMap<string, readonly Reign[]> {
  const byCell = new Map<string, Map<number, { regions: Set<string>; first: OkCall; last: OkCall }>>();
  for (const call of acknowledgedFencedWrites(history)) {
    const reigns = byCell.get(call.cell) ?? new Map<number, { regions: Set<string>; first: OkCall; last: OkCall }>();
    byCell.set(call.cell, reigns);
    const reign = reigns.get(call.epoch) ?? { regions: new Set<string>(), first: call, last: call };
    reigns.set(call.epoch, reign);
    reign.regions.add(call.region);
    reign.last = call;
  }
  return new Map([...byCell].map(([cell, reigns]) => [cell, sorted(cell, reigns)]));
}

/** In the order of acknowledgement; those that name region and epoch. The others are `anonymousAcknowledgements`. */
export function acknowledgedFencedWrites(
  history: History,
): readonly (OkCall & { readonly region: string; readonly epoch: number })[] {
  return history.calls
    .filter(isOk)
    .filter(isFencedWrite)
    .filter((call): call is OkCall & { region: string; epoch: number } => call.region !== null && call.epoch !== null)
    .sort((a, b) => a.completedAtMs - b.completedAtMs);
}

/** Fenced writes whose acknowledgement does not say who accepted them under which epoch. */
export function anonymousAcknowledgements(history: History): readonly OkCall[] {
  return history.calls
    .filter(isOk)
    .filter(isFencedWrite)
    .filter((call) => call.region === null || call.epoch === null || call.epoch === 0);
}

function sorted(cell: string, reigns: ReadonlyMap<number, Omit<Reign, 'cell' | 'epoch'>>): readonly Reign[] {
  return [...reigns].map(([epoch, reign]) => ({ cell, epoch, ...reign })).sort((a, b) => a.epoch - b.epoch);
}
