/**
 * The doctor's round through an account: every reason known beforehand why a deployment would fail, found before anything
 * changes. It only looks. Where the credentials end, it says so and goes on with the rest.
 */
import { isPlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import { standingOf } from '../deploy/stack-standing.ts';
import type { AccountEyes } from './account-eyes.ts';
import { checkNames, checkStackNames } from './check-clashes.ts';
import { checkDeployment } from './check-deployment.ts';
import { checkConcurrency, checkRoles } from './check-quotas.ts';
import { checkBootstrap, checkRegionOpen, checkTopology } from './check-regions.ts';
import { type Finding, fine, notChecked } from './finding.ts';
import type { SynthesisedStack } from './synthesised-app.ts';

export interface Examination {
  readonly topology: Topology;
  readonly eyes: AccountEyes;
  readonly identity: { readonly account: string; readonly arn: string };
  /** What would be deployed. */
  readonly app: readonly SynthesisedStack[];
}

type Findings = Finding | readonly Finding[];

/** Throws only what keeps it from looking at all: `UNAUTHENTICATED`, `CLOUD_UNAVAILABLE`. */
export async function examineAccount(examination: Examination): Promise<readonly Finding[]> {
  const { topology, identity, eyes } = examination;
  const findings: Finding[] = [
    fine({ check: 'credentials', seen: `${identity.arn} in account ${identity.account}` }),
    ...checkTopology(topology),
  ];
  const missing: SynthesisedStack[] = [];
  const seen: Awaited<ReturnType<AccountEyes['stacks']>>[number][] = [];
  const open: RegionName[] = [];
  for (const region of topology.regions) {
    const regionOpen = await checkRegionOpen(region, { eyes });
    findings.push(regionOpen);
    if (regionOpen.level !== 'ok') continue;
    open.push(region);
    const present = await eyes.stacks(region);
    seen.push(...present);
    findings.push(...checkStackNames(region, { present }));
    const there = new Set(present.filter(({ state }) => standingOf(state) !== 'absent').map(({ stack }) => stack));
    missing.push(...examination.app.filter((stack) => stack.region === region && !there.has(stack.stack)));
  }
  findings.push(
    ...checkDeployment({
      present: seen,
      app: examination.app.filter(({ region }) => open.some((it) => it === region)),
    }),
  );
  for (const region of open) {
    const ofRegion = missing.filter((stack) => stack.region === region);
    findings.push(
      ...(await allowed('bootstrap', region, () =>
        checkBootstrap(region, { eyes, app: examination.app, account: identity.account }),
      )),
      ...(await allowed('lambda-concurrency', region, () => checkConcurrency(region, { eyes, missing: ofRegion }))),
      ...(await allowed('names', region, () => checkNames(region, { eyes, missing }))),
    );
  }
  return [...findings, ...(await allowed('iam-roles', null, () => checkRoles({ eyes, missing })))];
}

async function allowed(
  check: string,
  where: string | null,
  look: () => Promise<Findings>,
): Promise<readonly Finding[]> {
  try {
    return [await look()].flat();
  } catch (thrown) {
    if (!isPlatformError(thrown) || thrown.code !== 'FORBIDDEN') throw thrown;
    const remedy = 'Go on if you know the answer, or have the permission to look added.';
    return [notChecked({ check, where, seen: thrown.message, remedy })];
  }
}
