/**
 * Documents of the platform in an account, with the operator's own credentials on the arbiter and on the services' functions,
 * which say what they run. One execution environment of each is asked; the others look at the shelves by themselves, so each wave
 * is watched for at least as long as that takes.
 */

import { DOCUMENTS_SPREAD_MS } from '../../cell/on-demand-cell.ts';
import { functionDocumentEyes } from '../../control/aws/function-document-eyes.ts';
import type { DocumentEyes } from '../../control/documents/document-eyes.ts';
import { documentOperator, NOTHING_PUBLISHED } from '../document-operator.ts';
import type { Machine } from '../failover-operator.ts';
import { reachArbiter } from '../reach-arbiter.ts';
import type { OpenGates } from '../rollout/local-gates.ts';
import type { DocumentOperator } from '../services.ts';
import type { AwsReach } from './aws-reach.ts';
import { openAwsGates } from './aws-rollout-gates.ts';

const ARBITER_MS_MAX = 1_000;

export interface AwsDocumentsParts {
  readonly reach: AwsReach;
  readonly machine: Machine;
  /** Where the issuer lies whose tokens the probes use. */
  readonly stateDir: string;
}

export async function openAwsDocuments({ reach, machine, stateDir }: AwsDocumentsParts): Promise<DocumentOperator> {
  const limit = { withinMs: ARBITER_MS_MAX + reach.coldMs };
  const probe = ({ automation }: Parameters<Parameters<typeof reachArbiter>[1]['probe']>[0]) =>
    automation.document(limit);
  const ports = await reachArbiter(reach, { machine, probe, without: NOTHING_PUBLISHED });
  let opened: OpenGates | null = null;
  const gates = async () => {
    opened ??= await openAwsGates({ reach, machine, ports, stateDir });
    return opened.gates;
  };
  const operator = documentOperator({
    ...{ topology: reach.topology, ports, machine, gates },
    eyes: awsDocumentEyes(reach, machine),
  });
  return {
    ...operator,
    publish: (plan, how) => operator.publish(plan, { ...how, bakeMs: Math.max(how.bakeMs, DOCUMENTS_SPREAD_MS) }),
    close: () => {
      opened?.close();
      operator.close();
    },
  };
}

export function awsDocumentEyes(reach: AwsReach, { clock }: Machine): DocumentEyes {
  const { topology, functions, coldMs } = reach;
  return functionDocumentEyes({ topology, functions, clock, coldMs });
}
