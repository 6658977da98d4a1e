/** What automation looks at beside leases, as a port: each look over this region's own links, and bounded in time. */
import type { RegionName } from '../../../core/ids.ts';
import type { Limit, Place } from '../failover-ports.ts';
import type { RouterTally } from './client-signal.ts';

export interface AutomationEyes {
  /** The counters of these regions' routers; who does not answer in time is left out. Never throws. */
  routers(regions: readonly RegionName[], limit: Limit): Promise<readonly RouterTally[]>;
  /** The newest heartbeat of the other region in the store at `place`, as an opaque text; `null`: none. Throws. */
  heartbeat(place: Place, limit: Limit): Promise<string | null>;
  /** Whether the store can be read from here. Never throws. */
  storeAnswers(place: Place, limit: Limit): Promise<boolean>;
  /** Whether the cell's host answers here. Never throws. */
  hostAnswers(place: Place, limit: Limit): Promise<boolean>;
}
