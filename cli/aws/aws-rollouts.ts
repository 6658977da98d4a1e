/**
 * Staged changes of the platform in an account: the same machine and the same executor of releases as on one machine; a side of a cell
 * is a stack there. What cells share (global, region, entry and operations stacks) is not staged: "deploy --target aws" brings it.
 */
import { tableDocumentStore } from '../../control/adapters/table-document-store.ts';
import { cloudFormationEyes } from '../../control/aws/cloudformation-eyes.ts';
import { planDeploy } from '../../control/deploy/deploy-plan.ts';
import { documentMeans } from '../../control/documents/document-means.ts';
import type { Means } from '../../control/rollout/rollout-machine.ts';
import type { Change } from '../../control/rollout/rollout-record.ts';
import { PlatformError } from '../../core/errors.ts';
import type { OperatorPorts } from '../operator-ports.ts';
import type { RolloutSource } from '../operator-site.ts';
import { reachArbiter } from '../reach-arbiter.ts';
import { RolloutOperator } from '../rollout/rollout-operator.ts';
import { type AssemblyShelf, assemblyShelf } from './assembly-shelf.ts';
import { awsDocumentEyes } from './aws-documents.ts';
import { type AwsReleaseParts, openAwsRelease } from './aws-release.ts';
import { openAwsGates } from './aws-rollout-gates.ts';
import type { CloudDesk } from './cloud-desk.ts';

export interface AwsRolloutParts extends Omit<AwsReleaseParts, 'ports' | 'shelf'> {
  readonly stateDir: string;
  readonly desk: () => Promise<CloudDesk>;
}

const ARBITER_MS_MAX = 1_000;

export async function openAwsRollouts(
  parts: AwsRolloutParts,
  { assemblyDir }: RolloutSource,
): Promise<RolloutOperator> {
  const { reach, machine, stateDir } = parts;
  const limit = { withinMs: ARBITER_MS_MAX + reach.coldMs };
  const ports = await reachArbiter(reach, {
    machine,
    probe: ({ automation }: OperatorPorts) => automation.document(limit),
    without: 'Without it nothing can be rolled out in stages; every cell goes on with what it runs.',
  });
  const shelf = assemblyShelf(stateDir);
  const closing: (() => void)[] = [() => ports.close()];
  return new RolloutOperator({
    ...{ topology: reach.topology, ports, machine },
    releaseOf: (named) => releaseOf(named, { ...parts, shelf, assemblyDir }),
    meansFor: async (change: Change): Promise<Means> => {
      const { executor, gates, close } = await carriedOut(change, { ...parts, ports, shelf });
      const platform = await openAwsGates({ ...parts, ports });
      closing.push(close, () => platform.close());
      return { executor, gates: [...platform.gates, ...gates] };
    },
    close: () => {
      for (const close of closing.splice(0)) close();
    },
  });
}

/** A document too: whoever resumes or aborts need not know what somebody else began. */
async function carriedOut({ kind, what }: Change, of: Opened): Promise<Means & { readonly close: () => void }> {
  if (kind === 'release') return { ...openAwsRelease(what, of), gates: [] };
  const { reach, machine, ports } = of;
  const store = tableDocumentStore({ arbiter: ports.arbiter, clock: machine.clock });
  const eyes = awsDocumentEyes(reach, machine);
  return { ...(await documentMeans(what, { store, eyes, clock: machine.clock })), close: () => undefined };
}

type Opened = AwsReleaseParts & AwsRolloutParts;

interface Kept extends AwsRolloutParts {
  readonly shelf: AssemblyShelf;
  readonly assemblyDir: string | null;
}

/** Synthesises and examines unless a kept one is named; refused when what a cell runs now could not be brought back. */
async function releaseOf(named: string | null, of: Kept): Promise<string> {
  const release = named ?? (await synthesised(of));
  await of.shelf.path(release);
  const stacks = cloudFormationEyes();
  for (const step of planDeploy(of.reach.topology)) {
    if (step.layer !== 'cell') continue;
    const before = (await stacks.state(step)).release;
    if (before === null) {
      throw refused(
        `${step.stack} is not deployed in ${step.region} yet. Bring the platform up first: holdfast deploy --target aws.`,
      );
    }
    await of.shelf.path(before);
  }
  return release;
}

async function synthesised({ desk, assemblyDir }: Kept): Promise<string> {
  const prepared = await (await desk()).prepareDeploy({ cell: null, region: null, assemblyDir });
  try {
    const blockers = prepared.findings.filter(({ level }) => level === 'blocker');
    if (blockers.length > 0) {
      throw refused(
        `The account is not ready: ${blockers.map(({ remedy }) => remedy).join('; ')}. See "holdfast doctor --target aws".`,
      );
    }
    return await prepared.keep();
  } finally {
    await prepared.close();
  }
}

function refused(message: string): PlatformError {
  return new PlatformError({ code: 'DEPLOY_REFUSED', kind: 'caller', effect: 'none', message });
}
