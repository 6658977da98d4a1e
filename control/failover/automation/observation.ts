/** What one region's automation sees in one look, as data: the input of the decision, with nothing in it that the region can't know. */
import type { CellId, RegionName } from '../../../core/ids.ts';
import type { AutomationSetting } from './automation-document.ts';
import type { Signal } from './verdict.ts';

export interface CellObservation {
  readonly cell: CellId;
  readonly home: RegionName;
  readonly standby: RegionName;
  /** As the arbiter says; `null`: nobody, or it is just changing hands. */
  readonly holder: RegionName | null;
  /** What routers see of the holder. */
  readonly client: Signal;
  /** Whether the holder's lease is late, for whatever reason. */
  readonly late: boolean;
  /** Whether the holder answers anybody anything, be it a refusal; `null`: nobody asked. */
  readonly answers: boolean | null;
  /** What lease and heartbeat say. */
  readonly inside: Signal;
  /** The receiver's own host and store for this cell; `null`: not looked at. */
  readonly receiverAnswers: boolean | null;
  /** A failover of this cell is under way, whoever runs it; `null`: its record could not be read. */
  readonly changing: boolean | null;
  /** That failover's coordinator is gone. */
  readonly leftBehind: LeftBehindMove | null;
}

/** A failover that nobody carries on, as its record tells. */
export interface LeftBehindMove {
  readonly id: string;
  readonly step: string;
  readonly planned: boolean;
  readonly to: RegionName;
  /** How often somebody went on with it. */
  readonly resumed: number;
}

/** A change of ownership that somebody, or automation, set about. */
export interface PastMove {
  readonly cell: CellId;
  readonly from: RegionName;
  readonly ageMs: number;
  /** Planned changes lose nothing and are no sign of trouble. */
  readonly planned: boolean;
}

export interface Observation {
  readonly atMs: number;
  /** Since the look before. */
  readonly sinceLastMs: number;
  /** This region: the one that would receive. */
  readonly region: RegionName;
  readonly setting: AutomationSetting | 'unreadable';
  readonly cells: readonly CellObservation[];
  /** Stores of both regions that answered from here, of those that were asked; `null`: not asked in this look. */
  readonly stores: { readonly asked: number; readonly answered: number } | null;
  /** Of all cells: what was reserved and what the records tell. `null`: not known. */
  readonly moves: readonly PastMove[] | null;
}

/** The region that would receive the cell, if its holder were gone. */
export function receiverOf(cell: Pick<CellObservation, 'home' | 'standby' | 'holder'>): RegionName | null {
  if (cell.holder === null) return null;
  return cell.holder === cell.home ? cell.standby : cell.home;
}
