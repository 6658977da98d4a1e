/**
 * The platform in an account, in an operator's hands. Everything stands on the operator's own credentials and on the names
 * that the stacks give; `platform.config.ts` says which cells and regions there are.
 */
import type { Topology } from '../../core/topology.ts';
import { orderConflict } from '../../services/checkout/order-conflict.ts';
import { stockConflict } from '../../services/checkout/stock-conflict.ts';
import { type Machine, openFailoverOperator } from '../failover-operator.ts';
import type { OperatorSite } from '../operator-site.ts';
import { openAwsQuarantine } from './aws-quarantine.ts';
import { type AwsReachOptions, awsReach } from './aws-reach.ts';
import { type AwsSnapshot, takeAwsSnapshot } from './aws-status.ts';

export interface AwsSite extends OperatorSite {
  status(): Promise<AwsSnapshot>;
}

export interface AwsSiteOptions extends Pick<AwsReachOptions, 'endpointOf'> {
  readonly topology: Topology;
  readonly machine: Machine;
}

/** Throws `UNAUTHENTICATED` before anything is asked when there are no credentials. */
export async function openAwsSite({ topology, machine, endpointOf }: AwsSiteOptions): Promise<AwsSite> {
  const reach = awsReach({ topology, clock: machine.clock, ...(endpointOf ? { endpointOf } : {}) });
  await reach.assertCredentials();
  return {
    topology,
    status: () => takeAwsSnapshot(reach, machine),
    failover: (wish) => openFailoverOperator({ ...wish, reach }, machine),
    quarantine: async () => openAwsQuarantine({ reach, machine, rules: [orderConflict, stockConflict] }),
  };
}
