/** The type of the document `modes`. What takes away goes everywhere at once; what gives back goes through the waves. */
import type { DocumentType } from '../documents/document-type.ts';
import { checkModes, onlyTakesAway } from './modes-checks.ts';
import { MODES_BYTES_MAX, type ModesBody, NO_MODES, parseModes } from './modes-document.ts';

export const modesType: DocumentType<ModesBody> = {
  name: 'modes',
  summary: 'Levels of the ladder and switches, for each cell: what is degraded, by whom, why and until when.',
  staging: 'waves',
  bytesMax: MODES_BYTES_MAX,
  bundled: NO_MODES,
  parse: parseModes,
  check: checkModes,
  isSafeDirection: onlyTakesAway,
};
