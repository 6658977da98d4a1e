/**
 * A table that counts what DynamoDB would bill for its calls: strong reads by 4 kB begun, writes by the kilobyte begun, two for
 * each item of a transaction, refused or not. Source: DynamoDB developer guide, "Read and write operations".
 */
import type { Item, Table, TableWrite } from '../../cell/table/table.ts';
import { unitsOfItem } from '../../cli/cost/commit-units.ts';

export interface Units {
  reads: number;
  writes: number;
}

/** Nothing in an idle cell comes near 4 kB; a query that finds nothing is one, too. */
const READ_ITEM_UNITS = 1;
const TRANSACTION_FACTOR = 2;

export function countingTable(inner: Table, units: Units): Table {
  const read = (count: number) => {
    units.reads += count * READ_ITEM_UNITS;
  };
  const write = (writes: readonly TableWrite[], factor: number) => {
    units.writes += factor * writes.reduce((sum, one) => sum + (one.kind === 'put' ? unitsOfItem(one.item) : 1), 0);
  };
  return {
    get: (...args) => {
      read(1);
      return inner.get(...args);
    },
    getMany: (...args) => {
      read(args[0].length);
      return inner.getMany(...args);
    },
    query: async (...args) => {
      const page = await inner.query(...args);
      read(readUnits(page.items));
      return page;
    },
    write: (...args) => {
      write([args[0]], args[0].kind === 'check' ? TRANSACTION_FACTOR : 1);
      return inner.write(...args);
    },
    transact: (...args) => {
      write(args[0], TRANSACTION_FACTOR);
      return inner.transact(...args);
    },
    deleteMany: (...args) => {
      units.writes += args[0].length;
      return inner.deleteMany(...args);
    },
  };
}

/** A query is billed by the bytes of all that it finds together. */
function readUnits(items: readonly Item[]): number {
  const kilobytes = items.reduce((sum, item) => sum + unitsOfItem(item), 0);
  return Math.max(1, Math.ceil(kilobytes / 4));
}
