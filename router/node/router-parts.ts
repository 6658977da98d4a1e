/** What every exchange of one router process shares. Made once by the composition root. */
import type { Clock } from '../../core/clock.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { CellSpecs } from '../core/decide.ts';
import type { CellMotion } from '../core/motion.ts';
import type { LastKnownGood } from '../map/last-known-good.ts';
import type { MapHolder } from '../map/map-holder.ts';
import type { MapPoller } from '../map/map-poller.ts';
import type { CellLink } from './cell-link.ts';

export interface RouterParts {
  readonly clock: Clock;
  readonly region: RegionName;
  readonly cells: CellSpecs;
  readonly holder: MapHolder;
  readonly poller: MapPoller;
  readonly lastKnownGood: LastKnownGood;
  readonly authenticator: Authenticator;
  /** The value of the internal `authorization` header. */
  readonly credential: string;
  /** One for each cell and region of the topology; asking for another is a bug. */
  readonly link: (cell: CellId, region: RegionName) => CellLink;
  /** Whether the cell's region is worth asking first, by its link's breaker. */
  readonly admits: (cell: CellId, region: RegionName) => boolean;
  /** Whether it is avoided because its connections break, and not because it is slow. */
  readonly isBroken: (cell: CellId, region: RegionName) => boolean;
  readonly motion: (cell: CellId) => CellMotion;
  readonly links: readonly { readonly cell: CellId; readonly region: RegionName; readonly link: CellLink }[];
  /** The bulkhead of each link. */
  readonly inFlightMax: number;
}
