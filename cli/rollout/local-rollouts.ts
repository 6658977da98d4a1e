/** Staged changes of the platform on this machine: releases by its supervisor, documents by the arbiter, one machine for both. */
import { linkDocumentEyes } from '../../control/adapters/link-document-eyes.ts';
import { tableDocumentStore } from '../../control/adapters/table-document-store.ts';
import { documentMeans } from '../../control/documents/document-means.ts';
import type { Place } from '../../control/failover/failover-ports.ts';
import type { Means } from '../../control/rollout/rollout-machine.ts';
import type { Change } from '../../control/rollout/rollout-record.ts';
import { invalid } from '../../core/errors.ts';
import type { PlatformControl } from '../../local/platform-control.ts';
import { openReleaseDesk } from '../../local/releases/open-shelf.ts';
import type { Machine } from '../failover-operator.ts';
import { openLocalRelease } from '../local-release.ts';
import { linkReach, linkUrl } from '../operator-reach.ts';
import { reachArbiter } from '../reach-arbiter.ts';
import { openLocalGates } from './local-gates.ts';
import { RolloutOperator } from './rollout-operator.ts';

const WHICH =
  'Which release? Say it with --release; "holdfast release list" shows them, "holdfast release build" makes one.';
const LIMIT = { withinMs: 1_000 };

export interface LocalRolloutsOptions {
  readonly control: PlatformControl;
  readonly machine: Machine;
  /** The state directory of the running platform. */
  readonly issuerDir: string;
}

export async function openLocalRollouts({
  control,
  machine,
  issuerDir,
}: LocalRolloutsOptions): Promise<RolloutOperator> {
  const view = await control.view();
  const { clock } = machine;
  const { topology, internalSecret } = view;
  const ports = await reachArbiter(linkReach(view, clock), {
    machine,
    probe: ({ automation }) => automation.document(LIMIT),
    without: 'Without it nothing can be deployed; every process goes on with the release that it runs.',
  });
  const closing: (() => void)[] = [() => ports.close()];
  const executorOf = async ({ kind, what }: Change): Promise<Means> => {
    if (kind === 'document') {
      const hostUrl = ({ cell, region }: Place) => linkUrl(view, { region, target: `${cell}@${region}` });
      const eyes = linkDocumentEyes({ topology, hostUrl, internalSecret, clock });
      return documentMeans(what, { store: tableDocumentStore({ arbiter: ports.arbiter, clock }), eyes, clock });
    }
    const { executor, close } = await openLocalRelease({ control, release: what, machine });
    closing.push(close);
    return { executor, gates: [] };
  };
  const meansFor = async (change: Change): Promise<Means> => {
    const { executor, gates } = await executorOf(change);
    const platform = await openLocalGates({ control, view, ports, machine, issuerDir });
    closing.push(() => platform.close());
    return { executor, gates: [...platform.gates, ...gates] };
  };
  const releaseOf = async (named: string | null): Promise<string> => {
    if (named === null) throw invalid(WHICH);
    // The supervisor looks again at each process.
    const desk = openReleaseDesk({ parentDir: view.dataDir, also: [issuerDir], clock });
    return (await desk.show(named)).manifest.name;
  };
  const close = () => {
    for (const each of closing.splice(0)) each();
  };
  return new RolloutOperator({ topology, ports, machine, meansFor, releaseOf, close });
}
