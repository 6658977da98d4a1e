/**
 * Puts the writes of several commits together to those of one transaction. Rule: a later write of the same key replaces the
 * earlier one and keeps the earlier guard, and guards on one item must all hold. So the transaction stands whole, as if the
 * commits had been made in turn, or a guard refuses and nothing of it happened. Holds only for commits of an aggregate of
 * which each was made on the one before; the caller sees to that.
 */
import { invariant } from '../../core/errors.ts';
import { all, type Key, type TableWrite } from '../table/table.ts';

/** By key, in the order in which the keys came. */
export type FoldedWrites = Map<string, TableWrite>;

/** Writes that a transaction would have in addition. */
export function addedBy(into: FoldedWrites, writes: readonly TableWrite[]): number {
  return writes.filter((write) => !into.has(nameOf(write))).length;
}

/** Roughly, bytes: the text that they write. */
export function sizeOf(writes: Iterable<TableWrite>): number {
  let size = 0;
  for (const write of writes) {
    if (write.kind === 'put') for (const value of Object.values(write.item)) size += String(value).length;
  }
  return size;
}

export function fold(into: FoldedWrites, writes: Iterable<TableWrite>): void {
  for (const write of writes) {
    const name = nameOf(write);
    const earlier = into.get(name);
    into.set(name, earlier === undefined ? write : merged(earlier, write));
  }
}

function merged(earlier: TableWrite, later: TableWrite): TableWrite {
  if (earlier.kind === 'check' && later.kind === 'check') {
    const same = JSON.stringify(earlier.when) === JSON.stringify(later.when);
    return same ? earlier : { ...earlier, when: all(earlier.when, later.when) };
  }
  invariant(earlier.kind !== 'check' && later.kind !== 'check', 'what a commit writes is nothing that a guard checks');
  // The later guard (its base is the earlier commit) holds by the earlier write; the earlier guard is the table's to look at.
  const { when: _held, ...unguarded } = later;
  return earlier.when === undefined ? unguarded : { ...unguarded, when: earlier.when };
}

function nameOf(write: TableWrite): string {
  const { pk, sk }: Key = write.kind === 'put' ? write.item : write.key;
  return `${pk}\u0000${sk}`;
}
