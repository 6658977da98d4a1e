/** Every type of document that there is: one line each, and code, CLI and consumers know it. */
import type { DocumentType } from './document-type.ts';

export const DOCUMENT_TYPES: readonly DocumentType[] = [];
