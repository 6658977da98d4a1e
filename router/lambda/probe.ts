/** Composition root of a region's probe: run on a schedule, it asks the routers of all regions and logs what they saw. */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../core/clock.ts';
import { validateTopology } from '../../core/topology.ts';
import { HttpsCaller } from './https-caller.ts';
import { probeRound } from './probe-round.ts';
import { environmentCredentials } from './settings.ts';
import { CallSigner } from './signed-call.ts';

const ROUTER_FUNCTION = 'holdfast-router';

// The deployment puts it beside the bundle.
const topology = validateTopology(JSON.parse(readFileSync(new URL('topology.json', import.meta.url), 'utf8')));
const clock = systemClock;
const parts = {
  ...{
    clock,
    topology,
    caller: new HttpsCaller(clock),
    signer: new CallSigner(() => environmentCredentials(process.env)),
  },
  invokeUrl: (region: string) =>
    `https://lambda.${region}.amazonaws.com/2015-03-31/functions/${ROUTER_FUNCTION}/invocations`,
};

export async function handler(): Promise<void> {
  for (const line of await probeRound(parts)) console.log(line);
}
