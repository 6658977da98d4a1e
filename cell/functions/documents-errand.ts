/**
 * What an operator asks a service's function besides requests: which documents it runs. Asked by Lambda's own Invoke, for which
 * IAM lets in operators alone; what comes by the Function URL is an HTTP event and never looks like this.
 */
import type { DocumentStatus } from '../documents/document-copies.ts';
import type { OnDemandCell } from '../on-demand-cell.ts';

export const DOCUMENTS_ERRAND = { holdfast: 'documents' } as const;

/** Of the process that happened to be asked: each execution environment has copies of its own. */
export interface DocumentsTold {
  readonly documents: Readonly<Record<string, DocumentStatus>>;
}

export function isDocumentsErrand(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'holdfast' in event && event.holdfast === 'documents';
}

/** Looks at the shelves first, so that the answer is of now. Never rejects: without the arbiter it tells what it has. */
export async function tellDocuments(cell: OnDemandCell): Promise<DocumentsTold> {
  await Promise.all([cell.refreshDocuments(), cell.refreshPlacement()]);
  const { documents, placement } = cell.cell;
  return { documents: { ...documents.status(), placement: placement.status } };
}
