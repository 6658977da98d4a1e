/** Documents of the platform on this machine: over the links of an operator in the first region that reaches the arbiter. */
import { linkDocumentEyes } from '../control/adapters/link-document-eyes.ts';
import type { Place } from '../control/failover/failover-ports.ts';
import type { PlatformControl, PlatformView } from '../local/platform-control.ts';
import { documentOperator, NOTHING_PUBLISHED } from './document-operator.ts';
import type { Machine } from './failover-operator.ts';
import { linkReach, linkUrl } from './operator-reach.ts';
import { reachArbiter } from './reach-arbiter.ts';
import { type OpenGates, openLocalGates } from './rollout/local-gates.ts';
import type { DocumentOperator } from './services.ts';

/** Automation's document is the smallest thing that there is to ask for. */
const LIMIT = { withinMs: 1_000 };

export interface LocalDocumentsOptions {
  readonly view: PlatformView;
  readonly machine: Machine;
  /** For the gates: the platform as it is then, and where the issuer lies whose tokens it takes. */
  readonly attach: () => Promise<PlatformControl>;
  readonly issuerDir: string;
}

export async function openLocalDocuments(options: LocalDocumentsOptions): Promise<DocumentOperator> {
  const { view, machine, attach, issuerDir } = options;
  const ports = await reachArbiter(linkReach(view, machine.clock), {
    machine,
    probe: ({ automation }) => automation.document(LIMIT),
    without: NOTHING_PUBLISHED,
  });
  const { topology, internalSecret } = view;
  // A cell's process is asked from its own region: what is cut off there is no silence of the process.
  const hostUrl = ({ cell, region }: Place) => linkUrl(view, { region, target: `${cell}@${region}` });
  const eyes = linkDocumentEyes({ topology, hostUrl, internalSecret, clock: machine.clock });
  let opened: OpenGates | null = null;
  const gates = async () => {
    opened ??= await openLocalGates({ control: await attach(), view, ports, machine, issuerDir });
    return opened.gates;
  };
  const operator = documentOperator({ topology, ports, eyes, machine, gates });
  return {
    ...operator,
    close: () => {
      opened?.close();
      operator.close();
    },
  };
}
