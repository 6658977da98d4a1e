/** Puts the plan, the doctor and the adapters of AWS together. The toolkit is loaded only once there are credentials. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { accountEyes } from '../../control/aws/account-eyes.ts';
import { cloudFormationEyes } from '../../control/aws/cloudformation-eyes.ts';
import type { App, AppSource } from '../../control/aws/toolkit-deployer.ts';
import { planDeploy, selectSteps } from '../../control/deploy/deploy-plan.ts';
import { runDeploy } from '../../control/deploy/run-deploy.ts';
import { planDestroy, runDestroy } from '../../control/deploy/run-destroy.ts';
import { examineAccount } from '../../control/doctor/examine-account.ts';
import type { Clock } from '../../core/clock.ts';
import { invariant, PlatformError } from '../../core/errors.ts';
import type { Topology } from '../../core/topology.ts';
import type { AssemblyShelf } from './assembly-shelf.ts';
import type { CloudDesk, DeployRequest, PreparedDeploy } from './cloud-desk.ts';

export interface CloudPlace {
  readonly topology: Topology;
  readonly clock: Clock;
  /** Of the project: where `cdk.json` lies. */
  readonly rootDir: string;
  /** Where what is deployed is kept. */
  readonly shelf: AssemblyShelf;
}

export function openCloudDesk(place: CloudPlace): CloudDesk {
  return {
    prepareDeploy: (request) => prepareDeploy(place, request),
    prepareDestroy: async ({ production }) => {
      const { topology, clock } = place;
      const { stacks, eyes } = openEyes(place);
      const { account } = await eyes.identity();
      const present = (await Promise.all(topology.regions.map((region) => stacks.present(region)))).flat();
      const removals = planDestroy(planDeploy(topology), { present, production });
      return { account, removals, run: (ears) => runDestroy({ removals, stacks, clock, ...ears }) };
    },
  };
}

async function prepareDeploy(place: CloudPlace, request: DeployRequest): Promise<PreparedDeploy> {
  const { topology, clock } = place;
  const plan = planDeploy(topology);
  const steps = selectSteps(plan, request);
  const { stacks, eyes } = openEyes(place);
  const identity = await eyes.identity();
  const { openApp } = await import('../../control/aws/toolkit-deployer.ts');
  const app = await openApp(sourceOf(place, request));
  try {
    refuseOther(
      app,
      plan.map(({ stack }) => stack),
    );
    const findings = await examineAccount({ topology, eyes, identity, app: app.stacks });
    return {
      ...{ account: identity.account, steps, findings },
      keep: () => place.shelf.keep(app),
      run: async (ears) => {
        if (app.release !== null) await place.shelf.keep(app);
        return runDeploy({ steps, clock, ears, stacks: { ...stacks, deploy: app.deploy, rollBack: app.rollBack } });
      },
      close: () => app.close(),
    };
  } catch (thrown) {
    await app.close();
    throw thrown;
  }
}

function openEyes({ topology, clock }: CloudPlace) {
  const [home] = topology.regions;
  invariant(home !== undefined, 'a topology has a region');
  const stacks = cloudFormationEyes();
  return { stacks, eyes: accountEyes({ home, stacks, clock }) };
}

/** The command of `cdk.json`, so that `cdk deploy` and this deploy the same app. */
function sourceOf({ rootDir }: CloudPlace, { assemblyDir }: DeployRequest): AppSource {
  if (assemblyDir !== null) return { assemblyDir: resolve(assemblyDir) };
  const { app } = JSON.parse(readFileSync(join(rootDir, 'cdk.json'), 'utf8')) as { readonly app: string };
  return { command: app, rootDir };
}

/** A stack that the plan does not know would never be deployed, and nobody would notice. */
function refuseOther({ stacks }: App, planned: readonly string[]): void {
  const strangers = stacks.map(({ stack }) => stack).filter((stack) => !planned.includes(stack));
  if (strangers.length === 0) return;
  throw new PlatformError({
    code: 'DEPLOY_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `The synthesised app has stacks that platform.config.ts does not call for: ${strangers.join(', ')}. Synthesise it anew.`,
  });
}
