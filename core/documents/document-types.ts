/** Every type of document that lies on a shelf: one line each, and publisher, CLI and consumers know it. */
import { invalid } from '../errors.ts';
import { shown } from '../ids.ts';
import { modesType } from '../modes/modes-type.ts';
import type { DocumentType } from './document-type.ts';
import { limitsDocument } from './limits-document.ts';
import { rankingDocument } from './ranking-document.ts';
import { samplingDocument } from './sampling-document.ts';

export const DOCUMENT_TYPES: readonly DocumentType[] = [limitsDocument, samplingDocument, rankingDocument, modesType];

/** All shelves, with a stable and a staged edition each, fit into one page of the arbiter (1 MB), so one question reads them. */
export const SHELVES_BYTES_MAX = 900 * 1024;

/** Throws `INVALID_INPUT` with those that there are. */
export function documentType(name: string, types: readonly DocumentType[] = DOCUMENT_TYPES): DocumentType {
  const found = types.find((type) => type.name === name);
  if (found) return found;
  throw invalid(`No type of document is called ${shown(name)}. Allowed: ${types.map((type) => type.name).join(', ')}.`);
}
