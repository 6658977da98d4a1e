/**
 * The gates of a platform in an account. Answers are counted by CloudWatch there, so its alarms take the place of the gates on what
 * processes count; probes go the way of customers, where the platform takes the tokens of the development issuer.
 */
import { tableMarkStore } from '../../control/adapters/table-mark-store.ts';
import { cellAlarms } from '../../control/aws/cell-alarms.ts';
import { alarmsGate } from '../../control/rollout/gates/alarms-gate.ts';
import { lagGate } from '../../control/rollout/gates/condition-gates.ts';
import { drillsGate, freezeGate } from '../../control/rollout/gates/marks-gates.ts';
import { failoversGate, proposalsGate } from '../../control/rollout/gates/moving-gates.ts';
import { Prober, probesGate } from '../../control/rollout/gates/probes-gate.ts';
import type { Gate } from '../../control/rollout/rollout-executor.ts';
import { LIVE, regionFunctionName } from '../../core/aws-names.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import type { Machine } from '../failover-operator.ts';
import type { OperatorPorts } from '../operator-ports.ts';
import type { OpenGates } from '../rollout/local-gates.ts';
import { shopProbes } from '../rollout/shop-probes.ts';
import type { AwsReach } from './aws-reach.ts';
import { awsSides } from './aws-sides.ts';

export interface AwsGatesOptions {
  readonly reach: AwsReach;
  readonly machine: Machine;
  readonly ports: OperatorPorts;
  readonly stateDir: string;
}

export async function openAwsGates({ reach, machine, ports, stateDir }: AwsGatesOptions): Promise<OpenGates> {
  const { topology } = reach;
  const { clock } = machine;
  const cells = topology.cells.map(({ id }) => id);
  const marks = tableMarkStore({ arbiter: ports.arbiter, clock });
  const gates: readonly Gate[] = [
    failoversGate({ store: ports.automation, cells }),
    proposalsGate({ store: ports.automation, clock }),
    freezeGate({ marks, clock }),
    drillsGate({ marks, clock }),
    lagGate({ eyes: awsSides(reach, machine) }),
    alarmsGate({ eyes: cellAlarms(topology.regions) }),
  ];
  // With an identity provider of the tenants' own nobody here can make a tenant; the alarms are all there is of outside health.
  if (topology.aws.identity !== null) return { gates, close: () => undefined };
  const routers = routersOf(reach);
  routers.catch(() => undefined); // Each probe finds out for itself; to take a rollout back needs no router.
  const issuer = await openDevIssuer(stateDir);
  const issueToken = (tenant: string) => issuer.issueToken({ tenant });
  const prober = new Prober({ port: shopProbes({ topology, routers, issueToken }), clock });
  const ending = new AbortController();
  void prober.run(ending.signal);
  return { gates: [...gates, probesGate({ prober, cells })], close: () => ending.abort() };
}

async function routersOf(reach: AwsReach): Promise<readonly string[]> {
  const name = regionFunctionName('router');
  const urls = await Promise.all(reach.topology.regions.map((region) => reach.functions(region).urlOf(name, LIVE)));
  return urls.map((url) => url.replace(/\/$/, ''));
}
