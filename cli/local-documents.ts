/** Documents of the platform on this machine: over the links of an operator in the first region that reaches the arbiter. */
import { linkDocumentEyes } from '../control/adapters/link-document-eyes.ts';
import type { Place } from '../control/failover/failover-ports.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { documentOperator, NOTHING_PUBLISHED } from './document-operator.ts';
import type { Machine } from './failover-operator.ts';
import { linkReach, linkUrl } from './operator-reach.ts';
import { reachArbiter } from './reach-arbiter.ts';
import type { DocumentOperator } from './services.ts';

/** Automation's document is the smallest thing that there is to ask for. */
const LIMIT = { withinMs: 1_000 };

export async function openLocalDocuments(view: PlatformView, machine: Machine): Promise<DocumentOperator> {
  const ports = await reachArbiter(linkReach(view, machine.clock), {
    machine,
    probe: ({ automation }) => automation.document(LIMIT),
    without: NOTHING_PUBLISHED,
  });
  const { topology, internalSecret } = view;
  // A cell's process is asked from its own region: what is cut off there is no silence of the process.
  const hostUrl = ({ cell, region }: Place) => linkUrl(view, { region, target: `${cell}@${region}` });
  const eyes = linkDocumentEyes({ topology, hostUrl, internalSecret, clock: machine.clock });
  return documentOperator({ topology, ports, eyes, machine });
}
