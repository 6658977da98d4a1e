/**
 * The platform in an account, in an operator's hands. Everything stands on the operator's own credentials and on the names
 * that the stacks give; `platform.config.ts` says which cells and regions there are.
 */
import type { Topology } from '../../core/topology.ts';
import { orderConflict } from '../../services/checkout/order-conflict.ts';
import { stockConflict } from '../../services/checkout/stock-conflict.ts';
import { type Machine, openFailoverOperator } from '../failover-operator.ts';
import type { OperatorSite } from '../operator-site.ts';
import type { DrillOutcome } from '../services.ts';
import { openTimelineDesk } from '../timeline-desk.ts';
import { openAwsDocuments } from './aws-documents.ts';
import { type AwsDrillRequest, runAwsDrill } from './aws-drill.ts';
import { type HealedDrill, healAwsDrill } from './aws-drill-faults.ts';
import { openAwsQuarantine } from './aws-quarantine.ts';
import { type AwsReachOptions, awsReach } from './aws-reach.ts';
import { openAwsRollouts } from './aws-rollouts.ts';
import { type AwsSnapshot, takeAwsSnapshot } from './aws-status.ts';
import type { CloudDesk } from './cloud-desk.ts';

export interface AwsSite extends OperatorSite {
  status(): Promise<AwsSnapshot>;
  /** Throws `UNSUPPORTED` without consent, or while an earlier drill has left something behind. */
  drill(request: AwsDrillRequest): Promise<DrillOutcome>;
  /** Starts again what a drill stopped, ends what it had AWS FIS begin. Resolves with what that was. */
  healDrill(): Promise<HealedDrill>;
}

export interface AwsSiteOptions extends Pick<AwsReachOptions, 'endpointOf'> {
  readonly topology: Topology;
  readonly stateDir: string;
  readonly machine: Machine;
  /** For what is synthesised and deployed. */
  readonly desk: () => Promise<CloudDesk>;
}

/** Throws `UNAUTHENTICATED` before anything is asked when there are no credentials. */
export async function openAwsSite({
  topology,
  stateDir,
  machine,
  desk,
  endpointOf = () => undefined,
}: AwsSiteOptions): Promise<AwsSite> {
  const reach = awsReach({ topology, clock: machine.clock, endpointOf });
  await reach.credentials();
  const quarantine = async () => openAwsQuarantine({ reach, machine, rules: [orderConflict, stockConflict] });
  return {
    topology,
    quarantine,
    documents: async () => openAwsDocuments({ reach, machine, stateDir }),
    rollouts: (source) => openAwsRollouts({ reach, machine, stateDir, desk, endpointOf }, source),
    drill: (request) => runAwsDrill({ reach, machine, stateDir, quarantine, endpointOf }, request),
    healDrill: () => healAwsDrill({ reach, machine, stateDir }),
    status: () => takeAwsSnapshot(reach, machine),
    timeline: () => openTimelineDesk(reach, machine),
    failover: (wish) => openFailoverOperator({ ...wish, reach }, machine),
  };
}
