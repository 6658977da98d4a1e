/** A release on AWS, ready to be rolled out: stacks from kept assemblies, moves by the operator's coordinator, exercise behind signatures. */
import { tableReleaseNotes } from '../../control/adapters/table-release-notes.ts';
import { tableTokenFence } from '../../control/adapters/table-token-fence.ts';
import { cloudFormationEyes } from '../../control/aws/cloudformation-eyes.ts';
import type { App } from '../../control/aws/toolkit-deployer.ts';
import type { CellStep } from '../../control/deploy/deploy-plan.ts';
import { type DeployEars, deployStep, type StepOutcome } from '../../control/deploy/run-deploy.ts';
import { type StackReleaseOptions, stackReleasePorts } from '../../control/deploy/stack-release-ports.ts';
import { OPERATION_MS_MAX } from '../../control/deploy/wait-for-stack.ts';
import { PLANNED_PENDING_MAX } from '../../control/failover/failover-limits.ts';
import { ReleaseExecutor } from '../../control/rollout/release/release-executor.ts';
import type { Clock } from '../../core/clock.ts';
import { exerciseCell } from '../exercise-cell.ts';
import type { Machine } from '../failover-operator.ts';
import type { OperatorPorts } from '../operator-ports.ts';
import { plannedMove } from '../rollout/planned-move.ts';
import type { AssemblyShelf } from './assembly-shelf.ts';
import { type AwsGateway, openAwsGateway } from './aws-gateway.ts';
import type { AwsEndpoint, AwsReach } from './aws-reach.ts';
import { cellTargets } from './drill-targets.ts';

export interface AwsReleaseParts {
  readonly reach: AwsReach;
  readonly machine: Machine;
  readonly ports: OperatorPorts;
  readonly shelf: AssemblyShelf;
  readonly endpointOf: (of: AwsEndpoint) => string | undefined;
}

/** An undo replaces both sides, each an operation of CloudFormation with its own bound, and moves the cell twice. */
const CALL_MS_MAX = 2 * OPERATION_MS_MAX + 10 * 60_000;
/** A keeper of an economical cell is called once a minute, a doorbell that was lost included. */
const MOVE_MS_MAX = 180_000;
/** A table that needs longer on a warm connection is not well. */
const STORE_MS_MAX = 2_000;

export function openAwsRelease(release: string, parts: AwsReleaseParts) {
  const { reach, machine, ports } = parts;
  const { clock } = machine;
  const closing: (() => Promise<void>)[] = [];
  const limit = { withinMs: STORE_MS_MAX + reach.coldMs };
  let gateway: Promise<AwsGateway> | null = null;
  const options: StackReleaseOptions = {
    ...{ topology: reach.topology, clock, stacks: cloudFormationEyes() },
    deploy: deployer(parts.shelf, { clock, closing }),
    holder: async (cell) => {
      const lease = await ports.ports.leases.read(cell, limit);
      return lease?.state === 'held' ? lease.holder : null;
    },
    keepsUp: (place) =>
      ports.ports.stores.pending(place, limit).then(
        ({ count }) => count <= PLANNED_PENDING_MAX,
        () => false,
      ),
    exercise: async (at, within) => {
      gateway ??= signed(parts).then((opened) => {
        closing.push(() => opened.close());
        return opened;
      });
      const url = (await gateway).urlOf(encodeURIComponent(`${at.cell}@${at.region}`));
      // The gateway's signature takes the place of the secret.
      return exerciseCell({ ...at, url, secret: 'none', clock }, within);
    },
    move: (to, within) => plannedMove({ reach, machine, records: ports.ports.records }, to, within),
    notes: tableReleaseNotes({ arbiter: ports.arbiter, clock }),
    fence: tableTokenFence({ arbiter: ports.arbiter, clock }),
  };
  const bounds = { callMsMax: CALL_MS_MAX, moveMsMax: MOVE_MS_MAX };
  return {
    executor: new ReleaseExecutor({ release, ports: stackReleasePorts(options), clock, bounds }),
    close: () => {
      for (const close of closing.splice(0)) void close().catch(() => undefined); // Nothing waits for it.
    },
  };
}

async function signed({ reach, ports, machine, endpointOf }: AwsReleaseParts): Promise<AwsGateway> {
  const arbiter = { arbiter: ports.arbiter, clock: machine.clock, close: () => undefined };
  const targets = new Map(await cellTargets({ topology: reach.topology, arbiter, endpointOf }));
  return openAwsGateway({ targets, credentials: () => reach.credentials() });
}

/** Opens the assembly of a release once; one stack at a time, as the machine asks for. */
function deployer(
  shelf: AssemblyShelf,
  { clock, closing }: { readonly clock: Clock; readonly closing: (() => Promise<void>)[] },
): (release: string, step: CellStep) => Promise<StepOutcome> {
  const apps = new Map<string, Promise<App>>();
  const open = async (release: string): Promise<App> => {
    const assemblyDir = await shelf.path(release);
    const { openApp } = await import('../../control/aws/toolkit-deployer.ts');
    const app = await openApp({ assemblyDir });
    closing.push(() => app.close());
    return app;
  };
  return async (release, step) => {
    const opening = apps.get(release) ?? open(release);
    apps.set(release, opening);
    const { deploy, rollBack } = await opening;
    return deployStep(step, {
      steps: [step],
      stacks: { ...cloudFormationEyes(), deploy, rollBack },
      clock,
      ears: DEAF,
    });
  };
}

/** The rollout's own progress says what is being done. */
const DEAF: DeployEars = {
  onStep: () => undefined,
  onProgress: () => undefined,
  onNote: () => undefined,
  onOutcome: () => undefined,
};
