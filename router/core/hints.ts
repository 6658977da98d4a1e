/**
 * Learning from a cell that says "not here": 421 with the owner's region and epoch. A hint is believed only when its
 * epoch is higher than what is known and its region is one that the topology gives that cell, so neither a stale cell nor
 * a garbled answer can turn the router round.
 */
import { type CellMap, raiseOwner } from '../../core/cell-map.ts';
import { type CellId, type Epoch, epoch, type RegionName } from '../../core/ids.ts';
import type { CellSpecs } from './decide.ts';
import { HINT_EPOCH_STEP_MAX } from './limits.ts';

export interface Hint {
  readonly region: RegionName;
  readonly epoch: Epoch;
}

const EPOCH = /^[1-9][0-9]{0,15}$/;

/** From the header values of a 421; `null` when they say nothing usable about that cell. */
export function readHint(seen: {
  cell: CellId;
  cells: CellSpecs;
  owner: string | undefined;
  epoch: string | undefined;
}): Hint | null {
  const spec = seen.cells.get(seen.cell);
  if (spec === undefined || seen.epoch === undefined || !EPOCH.test(seen.epoch)) return null;
  if (!Number.isSafeInteger(Number(seen.epoch))) return null;
  const region = [spec.home, spec.standby].find((name) => name === seen.owner);
  return region === undefined ? null : { region, epoch: epoch(Number(seen.epoch)) };
}

/** Returns `map` itself when there is nothing to learn. */
export function learn(map: CellMap, told: { cell: CellId; hint: Hint }): CellMap {
  const known = map.ownership.get(told.cell);
  if (known !== undefined && told.hint.epoch > known.epoch + HINT_EPOCH_STEP_MAX) return map;
  const ownership = raiseOwner(map.ownership, { cell: told.cell, owner: told.hint });
  return ownership === map.ownership ? map : { ...map, ownership };
}
