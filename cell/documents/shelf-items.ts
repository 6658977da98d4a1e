/** Where documents lie in the arbiter: all shelves under one table key, the editions of a type under one of their own. */
import type { Key } from '../table/table.ts';

export const SHELVES = 'DOCUMENT#SHELVES';

export const shelfKey = (type: string): Key => ({ pk: SHELVES, sk: type });

export const editionsPk = (type: string): string => `DOCUMENT#EDITIONS#${type}`;

/** In the order of versions, as far as a version can grow (nine digits). */
export const editionKey = (type: string, version: number): Key => ({
  pk: editionsPk(type),
  sk: String(version).padStart(9, '0'),
});
