/** Quotas that a platform of this size would break: known before the first resource exists instead of at the last one. */
import type { RegionName } from '../../core/ids.ts';
import { UNRESERVED_CONCURRENCY } from '../../core/topology-aws.ts';
import type { AccountEyes } from './account-eyes.ts';
import { blocker, type Finding, fine } from './finding.ts';
import { reservedConcurrency, roleCount, type SynthesisedStack } from './synthesised-app.ts';

/** `missing`: stacks of the region that are yet to come; those that exist hold their share already. */
export async function checkConcurrency(
  region: RegionName,
  { eyes, missing }: { readonly eyes: AccountEyes; readonly missing: readonly SynthesisedStack[] },
): Promise<Finding> {
  const check = 'lambda-concurrency';
  const needed = missing.reduce((sum, stack) => sum + reservedConcurrency(stack), 0);
  const { limit, unreserved } = await eyes.concurrency(region);
  const free = Math.max(0, unreserved - UNRESERVED_CONCURRENCY);
  const seen = `${needed} to be reserved, ${free} free of the account's ${limit}`;
  if (needed <= free) return fine({ check, where: region, seen });
  const remedy = `Ask for more (aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value ${limit + needed - free} --region ${region}), or lower aws.reservedConcurrency in platform.config.ts; Lambda keeps ${UNRESERVED_CONCURRENCY} unreserved.`;
  return blocker({ check, where: region, seen, remedy });
}

export async function checkRoles({
  eyes,
  missing,
}: {
  readonly eyes: AccountEyes;
  readonly missing: readonly SynthesisedStack[];
}): Promise<Finding> {
  const check = 'iam-roles';
  const needed = missing.reduce((sum, stack) => sum + roleCount(stack), 0);
  const { used, quota } = await eyes.roles();
  const seen = `${needed} to be made, ${used} of ${quota} in use`;
  if (used + needed <= quota) return fine({ check, seen });
  const remedy = `Ask for more roles (aws service-quotas request-service-quota-increase --service-code iam --quota-code L-FE177D64 --desired-value ${used + needed} --region us-east-1), remove unused ones, or deploy fewer cells into this account.`;
  return blocker({ check, seen, remedy });
}
