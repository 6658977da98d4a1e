/** Automation's part of the arbiter, over its table: single-item conditional writes only, as the arbiter allows no others. */
import { failoverKey } from '../../cell/lease/abandonment.ts';
import { absent, equals, type Item, QUERY_LIMIT_MAX, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import { type AutomationDocument, decodeAutomation } from '../failover/automation/automation-document.ts';
import type { AutomationStore } from '../failover/automation/automation-store.ts';
import type { Proposal } from '../failover/automation/proposal.ts';
import type { Limit } from '../failover/failover-ports.ts';
import type { FailoverRecord } from '../failover/failover-record.ts';

const AUTOMATION = 'AUTOMATION';
const PROPOSAL_PREFIX = 'PROPOSAL#';
const documentKey = { pk: AUTOMATION, sk: 'CURRENT' };

export function tableAutomationStore({ arbiter, clock }: { arbiter: Table; clock: Clock }): AutomationStore {
  const within = ({ withinMs }: Limit) => ({ deadlineAtMs: clock.monotonicMs() + withinMs });
  return {
    document: async (limit) => {
      const item = await arbiter.get(documentKey, within(limit));
      return item && decodeAutomation(JSON.parse(String(item.body)));
    },
    save: async (next, limit) => {
      const when = next.version === 1 ? absent : equals('version', next.version - 1);
      const result = await arbiter.write({ kind: 'put', item: documentItem(next), when }, within(limit));
      return result.outcome === 'done';
    },
    overwrite: async (next, limit) => {
      await arbiter.write({ kind: 'put', item: documentItem(next) }, within(limit));
    },
    proposals: async (limit) => {
      const bounds = { ...within(limit), prefix: PROPOSAL_PREFIX, limit: QUERY_LIMIT_MAX };
      const page = await arbiter.query(AUTOMATION, bounds);
      return page.items.map((item) => JSON.parse(String(item.body)) as Proposal);
    },
    propose: async (proposal, limit) => {
      const item = { ...proposalKey(proposal.cell), body: JSON.stringify(proposal) };
      await arbiter.write({ kind: 'put', item }, within(limit));
    },
    withdraw: async (cell, limit) => {
      await arbiter.write({ kind: 'delete', key: proposalKey(cell) }, within(limit));
    },
    records: async (cells, limit) => {
      const items = await arbiter.getMany(cells.map(failoverKey), within(limit));
      return items.map((item) => JSON.parse(String(item.record)) as FailoverRecord);
    },
  };
}

const proposalKey = (cell: string) => ({ pk: AUTOMATION, sk: PROPOSAL_PREFIX + cell });

function documentItem(document: AutomationDocument): Item {
  return { ...documentKey, version: document.version, body: JSON.stringify(document) };
}
