/** Regions: switched on, bootstrapped, and able to keep a strongly consistent arbiter together. */
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import { awsFindings } from '../../core/topology-aws.ts';
import type { AccountEyes } from './account-eyes.ts';
import { blocker, type Finding, fine } from './finding.ts';
import type { SynthesisedStack } from './synthesised-app.ts';

/** What a topology alone can't promise AWS; the same rules refuse it at synth. */
export function checkTopology(topology: Topology): readonly Finding[] {
  const check = 'topology';
  const { arbiter } = topology;
  const findings = awsFindings(topology);
  if (findings.length === 0) {
    return [
      fine({
        check,
        seen: `arbiter in ${arbiter.replicas.join(' and ')}, witness in ${arbiter.witness}: strongly consistent`,
      }),
    ];
  }
  return findings.map((finding) =>
    blocker({
      check,
      seen: `${finding.path} ${finding.problem} (${finding.seen})`,
      remedy: `Correct platform.config.ts. Allowed: ${finding.allowed}.`,
    }),
  );
}

export async function checkRegionOpen(region: RegionName, { eyes }: { readonly eyes: AccountEyes }): Promise<Finding> {
  const check = 'region';
  if (await eyes.regionOpen(region)) return fine({ check, where: region, seen: 'switched on' });
  const remedy = `Switch it on: aws account enable-region --region-name ${region} (takes some minutes), or choose another in platform.config.ts.`;
  return blocker({ check, where: region, seen: 'not switched on for this account', remedy });
}

export async function checkBootstrap(
  region: RegionName,
  {
    eyes,
    app,
    account,
  }: { readonly eyes: AccountEyes; readonly app: readonly SynthesisedStack[]; readonly account: string },
): Promise<Finding> {
  const check = 'bootstrap';
  const needed = Math.max(
    0,
    ...app.filter((stack) => stack.region === region).map(({ bootstrapVersionMin }) => bootstrapVersionMin),
  );
  const version = await eyes.bootstrapVersion(region);
  if (version !== null && version >= needed) return fine({ check, where: region, seen: `version ${version}` });
  const seen = version === null ? 'not bootstrapped' : `version ${version}, needed: ${needed}`;
  return blocker({ check, where: region, seen, remedy: `npx cdk bootstrap aws://${account}/${region}` });
}
