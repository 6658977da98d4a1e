/**
 * What a drill on AWS stands on: routers and the payment provider by the URLs that Lambda tells, cells and tables through the
 * gateway that signs, and how one knows from outside that a function may not run.
 */
import { LIVE, regionFunctionName } from '../../core/aws-names.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { openOperatorPorts } from '../operator-ports.ts';
import type { AwsDrillParts } from './aws-drill.ts';
import { type AwsGateway, openAwsGateway, type Upstream } from './aws-gateway.ts';
import type { AwsPlatformOptions } from './aws-platform.ts';
import type { AwsReach } from './aws-reach.ts';
import { cellTargets, PAYMENTS_TARGET, paymentsTarget } from './drill-targets.ts';

export interface DrillGround {
  readonly gateway: AwsGateway;
  readonly ground: Pick<AwsPlatformOptions, 'routers' | 'payments' | 'urlOf' | 'isTurnedAway'>;
}

/** Throws `PLATFORM_NOT_RUNNING` when something has no address yet. */
export async function openGround(parts: AwsDrillParts): Promise<DrillGround> {
  const { reach, endpointOf } = parts;
  const { regions } = reach.topology;
  const [first] = regions;
  if (first === undefined) throw invalid('The topology has no region.');
  const routers = Object.fromEntries(
    await Promise.all(
      regions.map(async (region) => [region, await functionUrl(reach, { region, name: regionFunctionName('router') })]),
    ),
  );
  const payments = await functionUrl(reach, { region: first, name: regionFunctionName('payments') });
  const targets = new Map<string, Upstream>([
    ...(await cellTargets({ topology: reach.topology, arbiter: openArbiter(parts), endpointOf })),
    paymentsTarget({ region: first, url: payments }),
  ]);
  const gateway: AwsGateway = await openAwsGateway({ targets, credentials: () => reach.credentials() });
  const urlOf = (name: string) => {
    const router = name.startsWith('router@') ? routers[name.slice('router@'.length)] : undefined;
    return router ?? gateway.urlOf(encodeURIComponent(name));
  };
  return { gateway, ground: { routers, payments: gateway.urlOf(PAYMENTS_TARGET), urlOf, isTurnedAway } };
}

function openArbiter({ reach, machine }: AwsDrillParts) {
  const [region] = reach.topology.regions;
  if (region === undefined) throw invalid('The topology has no region.');
  return { ...openOperatorPorts({ reach, region, ...machine }), clock: machine.clock };
}

async function functionUrl(reach: AwsReach, { region, name }: { region: string; name: string }): Promise<string> {
  return reach
    .functions(region)
    .urlOf(name, LIVE)
    .catch((cause: unknown) => Promise.reject(notDeployed({ region, name, cause })));
}

/** Lambda answers 429 by itself for a function that may not run; ours would name a cell or a code. */
async function isTurnedAway(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/products?limit=1`, { signal: AbortSignal.timeout(TURNED_AWAY_MS_MAX) });
    const text = await response.text();
    return response.status === 429 && !text.includes('"code"');
  } catch {
    // Whoever does not answer has not turned anybody away.
    return false;
  }
}

const TURNED_AWAY_MS_MAX = 2_000;

function notDeployed(of: { readonly region: string; readonly name: string; readonly cause: unknown }): PlatformError {
  const seen = of.cause instanceof Error ? of.cause.name : String(of.cause);
  return new PlatformError({
    code: 'PLATFORM_NOT_RUNNING',
    kind: 'caller',
    effect: 'none',
    message: `${of.name} has no URL in ${of.region} (${seen}). Deploy first: holdfast deploy --target aws.`,
    cause: of.cause,
  });
}
