/** What automation keeps in the arbiter, as a port: its document, its proposals, and a look at every failover's record. */
import type { CellId } from '../../../core/ids.ts';
import type { Limit } from '../failover-ports.ts';
import type { FailoverRecord } from '../failover-record.ts';
import type { AutomationDocument } from './automation-document.ts';
import type { Proposal } from './proposal.ts';

export interface AutomationStore {
  /** `null`: never written. Throws when the arbiter does not answer, and for what is no document. */
  document(limit: Limit): Promise<AutomationDocument | null>;
  /** Writes `next` only over version `next.version - 1` (`0`: over nothing). `false`: somebody else was first. */
  save(next: AutomationDocument, limit: Limit): Promise<boolean>;
  /** Writes over a document that can't be read: for a person who turns automation off. */
  overwrite(next: AutomationDocument, limit: Limit): Promise<void>;
  proposals(limit: Limit): Promise<readonly Proposal[]>;
  /** Last writer wins: a proposal moves nothing, and whoever approves looks again. */
  propose(proposal: Proposal, limit: Limit): Promise<void>;
  withdraw(cell: CellId, limit: Limit): Promise<void>;
  /** The newest failover of each cell, if it ever had one. */
  records(cells: readonly CellId[], limit: Limit): Promise<readonly FailoverRecord[]>;
}
