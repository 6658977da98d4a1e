/**
 * Documents in an operator's hands: reads shelves and editions, judges, publishes, rolls back, with the operator's own reach
 * of the arbiter. No control process takes part, so a switch can be set while control is gone.
 */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { tableDocumentStore } from '../control/adapters/table-document-store.ts';
import { tableRolloutRecords } from '../control/adapters/table-rollout-records.ts';
import type { DocumentEyes } from '../control/documents/document-eyes.ts';
import { publishedLine } from '../control/documents/document-lines.ts';
import { documentMeans, documentName } from '../control/documents/document-means.ts';
import type { DocumentStore } from '../control/documents/document-store.ts';
import {
  documentRefused,
  keepDraft,
  type PublishPlan,
  type PublishPorts,
  planPublish,
  publishAtOnce,
} from '../control/documents/publishing.ts';
import { rollBack } from '../control/documents/rollback.ts';
import { checkForced } from '../control/rollout/forced-gates.ts';
import { failoversGate, proposalsGate } from '../control/rollout/gates/moving-gates.ts';
import type { Gate } from '../control/rollout/rollout-executor.ts';
import { RolloutMachine } from '../control/rollout/rollout-machine.ts';
import type { RolloutRecord } from '../control/rollout/rollout-record.ts';
import { publishedTypes } from '../core/documents/placement-document.ts';
import type { Topology } from '../core/topology.ts';
import type { Machine } from './failover-operator.ts';
import type { OperatorPorts } from './operator-ports.ts';
import type { DocumentOperator, Published, StagedPublish } from './services.ts';

export const NOTHING_PUBLISHED =
  'Without it nothing can be published; every process goes on with the documents that it has.';
const LIMIT = { withinMs: 2_000 };

export interface DocumentSite {
  readonly topology: Topology;
  readonly ports: OperatorPorts;
  readonly eyes: DocumentEyes;
  /** Opened once a document goes through the waves. Default: those that need only the arbiter. */
  readonly gates?: () => Promise<readonly Gate[]>;
  readonly machine: Machine;
}

export function documentOperator(site: DocumentSite): DocumentOperator {
  const { topology, ports, eyes, machine } = site;
  const { arbiter, timeline } = ports;
  const { clock } = machine;
  const by = userInfo().username;
  const types = publishedTypes(topology);
  const store = tableDocumentStore({ arbiter, clock, types });
  const publishing: PublishPorts = { store, clock, topology };
  return {
    topology,
    types,
    shelf: (type) => store.shelf(type.name, LIMIT),
    history: (type, count) => store.history({ type: type.name, count }, LIMIT),
    edition: async (type, version) => {
      const kept = await store.edition({ type: type.name, version }, LIMIT);
      if (kept) return kept;
      throw documentRefused(
        `There is no edition ${type.name}@${version}; see "holdfast document history ${type.name}".`,
      );
    },
    running: (type, cell) => eyes.look({ cell, type: type.name }, LIMIT),
    plan: (wish) => planPublish(publishing, { ...wish, by }),
    publish: async (plan, how) => {
      const published = await publish({ ...site, publishing, store }, { plan, how });
      if (published.kept && published.rollout === null) await timeline.append(publishedLine(published.kept));
      return published;
    },
    rollBack: async (wish) => {
      const kept = await rollBack(publishing, { ...wish, by });
      if (kept) await timeline.append(publishedLine(kept));
      return kept;
    },
    close: () => ports.close(),
  };
}

interface Publishing extends DocumentSite {
  readonly publishing: PublishPorts;
  readonly store: DocumentStore;
}

async function publish(
  of: Publishing,
  { plan, how }: { readonly plan: PublishPlan; readonly how: StagedPublish },
): Promise<Published> {
  if (plan.road === 'unchanged') return { kept: null, rollout: null };
  // Before a draft is kept for a publication that would be refused.
  checkForced(how.forced, plan.wish.why);
  if (plan.road === 'at-once') return { kept: await publishAtOnce(of.publishing, plan), rollout: null };
  const kept = await keepDraft(of.publishing, plan);
  return { kept, rollout: await throughWaves(of, { what: documentName(kept), plan, how }) };
}

function throughWaves(
  site: Publishing,
  { what, plan, how }: { readonly what: string; readonly plan: PublishPlan; readonly how: StagedPublish },
): Promise<RolloutRecord> {
  const { topology, ports, store, eyes } = site;
  const { clock } = site.machine;
  const cells = topology.cells.map(({ id }) => id);
  const moving = [failoversGate({ store: ports.automation, cells }), proposalsGate({ store: ports.automation, clock })];
  const rollouts = new RolloutMachine({
    records: tableRolloutRecords({ arbiter: ports.arbiter, clock }),
    clock,
    timeline: ports.timeline,
    meansFor: async (change) => {
      const { executor, gates } = await documentMeans(change.what, { store, eyes, clock });
      return { executor, gates: [...gates, ...(site.gates ? await site.gates() : moving)] };
    },
    newId: () => randomUUID().slice(0, 8),
    onProgress: how.onProgress,
  });
  const { by, why } = plan.wish;
  const { bakeMs, forced } = how;
  return rollouts.run({ kind: 'document', what, waves: topology.waves, bakeMs, by, why, forced });
}
