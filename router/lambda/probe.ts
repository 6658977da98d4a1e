/** Composition root of a region's probe: run on a schedule, it asks the routers of the other regions and logs what they saw. */
import { readFileSync } from 'node:fs';
import { LIVE, regionFunctionName } from '../../core/aws-names.ts';
import { systemClock } from '../../core/clock.ts';
import { regionName } from '../../core/ids.ts';
import { validateTopology } from '../../core/topology.ts';
import { HttpsCaller } from './https-caller.ts';
import { probeRound } from './probe-round.ts';
import { environmentCredentials, required } from './settings.ts';
import { CallSigner } from './signed-call.ts';

// The deployment puts it beside the bundle.
const topology = validateTopology(JSON.parse(readFileSync(new URL('topology.json', import.meta.url), 'utf8')));
const clock = systemClock;
const parts = {
  ...{
    clock,
    topology,
    region: regionName(required(process.env, 'HOLDFAST_REGION')),
    caller: new HttpsCaller(clock),
    signer: new CallSigner(() => environmentCredentials(process.env)),
  },
  // The version that serves tenants, in the environments that serve them.
  invokeUrl: (region: string) =>
    `https://lambda.${region}.amazonaws.com/2015-03-31/functions/${regionFunctionName('router')}/invocations?Qualifier=${LIVE}`,
};

export async function handler(): Promise<void> {
  for (const line of await probeRound(parts)) console.log(line);
}
