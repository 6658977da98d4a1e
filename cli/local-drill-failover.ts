/** How a drill moves cells of the platform on this machine: over its links, and with its quarantine behind its hosts. */
import type { PlatformView } from '../local/platform-control.ts';
import { type DrillFailover, drillFailover } from './drill-failover.ts';
import type { Machine } from './failover-operator.ts';
import { linkReach } from './operator-reach.ts';
import { openQuarantineOperator } from './quarantine-operator.ts';

export function localDrillFailover(view: PlatformView, machine: Machine): DrillFailover {
  const reach = linkReach(view, machine.clock);
  return drillFailover({ reach, machine, quarantine: () => openQuarantineOperator(view, machine) });
}
