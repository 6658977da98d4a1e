/** Where documents lie in the arbiter: all shelves under one table key, the editions of a type under one of their own. */
import { VERSION } from '../../core/documents/edition-text.ts';
import type { Key } from '../table/table.ts';

export const SHELVES = 'DOCUMENT#SHELVES';

export const shelfKey = (type: string): Key => ({ pk: SHELVES, sk: type });

export const editionsPk = (type: string): string => `DOCUMENT#EDITIONS#${type}`;

/** The newest first, as far as a version can grow: a table is read from its lowest sort key on. */
export const editionKey = (type: string, version: number): Key => ({
  pk: editionsPk(type),
  sk: String(VERSION.max - version).padStart(9, '0'),
});
