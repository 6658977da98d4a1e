/** What the control process of one region says about its automation: read from memory, for people and drills. */
import type { CellId, RegionName } from '../../../core/ids.ts';
import type { AutomationMode } from '../../../core/topology-automation.ts';
import type { Signal, Verdict } from './verdict.ts';

export interface CellSight {
  readonly cell: CellId;
  /** `null`: nobody was ever seen to hold it. */
  readonly holder: RegionName | null;
  readonly client: Signal;
  readonly inside: Signal;
  readonly verdict: Verdict;
}

export interface AutomationStatus {
  readonly region: RegionName;
  /** `unreadable`: the arbiter did not tell, so nothing is proposed or moved. */
  readonly setting: { readonly mode: AutomationMode; readonly enabled: boolean } | 'unreadable' | 'not read yet';
  /** How old the look is, ms. */
  readonly ageMs: number;
  readonly cells: readonly CellSight[];
  readonly failures: readonly string[];
}
