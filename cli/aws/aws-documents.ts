/**
 * Documents of the platform in an account, with the operator's own credentials on the arbiter. What the functions of a cell
 * run is not seen from here: each execution environment has copies of its own, and nobody can ask all of them.
 */
import { documentOperator, NOTHING_PUBLISHED } from '../document-operator.ts';
import type { Machine } from '../failover-operator.ts';
import type { OperatorReach } from '../operator-reach.ts';
import { reachArbiter } from '../reach-arbiter.ts';
import type { DocumentOperator } from '../services.ts';

const ARBITER_MS_MAX = 1_000;

export async function openAwsDocuments(reach: OperatorReach, machine: Machine): Promise<DocumentOperator> {
  const limit = { withinMs: ARBITER_MS_MAX + reach.coldMs };
  const probe = ({ automation }: Parameters<Parameters<typeof reachArbiter>[1]['probe']>[0]) =>
    automation.document(limit);
  const ports = await reachArbiter(reach, { machine, probe, without: NOTHING_PUBLISHED });
  return documentOperator({ topology: reach.topology, ports, eyes: null, machine });
}
