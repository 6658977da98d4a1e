/**
 * The audit of reconciliation in the other region's store too, so that the loss of a region takes no line with it. A line is
 * written with a mark that it is not copied yet, in one transaction; the copy goes to the peer, then the mark. A copy is for people:
 * nothing is judged by it, because each line speaks of the line of history that its own store followed.
 *
 * Invariant: a line without a mark is in both stores. What is done twice, or late, changes nothing: a copy is only written over
 * itself or over an earlier *superseded*, and a mark is only taken away as it was seen.
 */
import type { CallBounds, ReconciledCommit } from '../cell-store.ts';
import { sizeOf } from '../store/fold-writes.ts';
import { reconciledKey, UNCOPIED, uncopiedKey, withKeyOfCopy } from '../store/table-layout.ts';
import { absent, any, equals, type Item, type Table, type TableWrite } from '../table/table.ts';

/** Lines read at once: a commit has 256 kB at most, and is far smaller as a rule. */
const PAGE_LINES = 50;
/** A transaction takes 4 MB. */
const TRANSACTION_BYTES_MAX = 2 * 1024 * 1024;
/** After a process died between a line and its copy, somebody has to look: every so many passes is soon enough. */
const LOOK_EVERY_PASSES = 20;

/** Goes with the line, in its transaction. */
export function markUncopied(audit: ReconciledCommit): TableWrite {
  return { kind: 'put', item: { ...uncopiedKey(audit.id), at: audit.atMs } };
}

export class AuditCopies {
  readonly #tables: readonly [from: Table, to: Table][];
  #passes = 0;
  #open = false;

  constructor({ own, peer }: { readonly own: Table; readonly peer: Table }) {
    this.#tables = [
      [own, peer],
      [peer, own],
    ];
  }

  /** This process has written lines. */
  wrote(): void {
    this.#open = true;
  }

  /** Once in a pass: copies if there may be something to copy. Never throws; what could not be copied is tried again. */
  async turn(within: () => CallBounds): Promise<void> {
    if (++this.#passes % LOOK_EVERY_PASSES === 0) this.#open = true;
    if (this.#open) await this.copy(within).catch(() => undefined);
  }

  /** Everything that is marked in either store. Throws what the stores throw; what was copied until then is. */
  async copy(within: () => CallBounds): Promise<void> {
    for (const [from, to] of this.#tables) await copyAll({ from, to, within });
    this.#open = false;
  }
}

interface Copying {
  readonly from: Table;
  readonly to: Table;
  readonly within: () => CallBounds;
}

async function copyAll({ from, to, within }: Copying): Promise<void> {
  for (let after: string | null = ''; after !== null; ) {
    const page = await from.query(UNCOPIED, { ...within(), limit: PAGE_LINES, ...(after === '' ? {} : { after }) });
    const keys = page.items.map(({ sk }) => reconciledKey(sk));
    const lines = keys.length === 0 ? [] : await from.getMany(keys, within());
    for (const writes of bySize(lines.map(copyWrite))) await writeEach(to, { writes, within });
    await writeEach(from, { writes: page.items.map(unmarking), within });
    after = page.next;
  }
}

/** Together; where a condition refuses one, each by itself: it is there already in a newer wording, and the others get through. */
async function writeEach(
  table: Table,
  { writes, within }: { readonly writes: readonly TableWrite[]; readonly within: () => CallBounds },
): Promise<void> {
  if (writes.length === 0 || (await table.transact(writes, within())).outcome === 'done') return;
  for (const write of writes) await table.write(write, within());
}

function copyWrite(line: Item): TableWrite {
  const when = any(absent, equals('action', 'superseded'), equals('at', Number(line.at)));
  return { kind: 'put', item: withKeyOfCopy(line), when };
}

const unmarking = ({ pk, sk, at }: Item): TableWrite => ({
  ...{ kind: 'delete', key: { pk, sk } },
  when: equals('at', Number(at)),
});

function bySize(writes: readonly TableWrite[]): readonly (readonly TableWrite[])[] {
  const groups: TableWrite[][] = [];
  let bytes = 0;
  for (const write of writes) {
    const size = sizeOf([write]);
    const last = groups.at(-1);
    const fits = last !== undefined && bytes + size <= TRANSACTION_BYTES_MAX;
    if (fits) last.push(write);
    else groups.push([write]);
    bytes = fits ? bytes + size : size;
  }
  return groups;
}
