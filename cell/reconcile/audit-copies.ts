/**
 * Lines of the audit that nothing else tells of, in the other region's store too, so that the loss of a region takes none of
 * them with it: what was discarded, and what was merged (a merge does not leave the commit as it was). What was adopted or
 * superseded is in the line of history itself, which is replicated with a note of it. Such a line is written with a mark, in one
 * transaction; its copy goes to the peer, then the mark goes. A copy is for people: nothing is judged by it, because each line
 * speaks of the history that its own store followed.
 *
 * Invariant: a line that was discarded or merged and has no mark is in both stores. It never changes, so copying it twice is
 * copying it once.
 */
import type { CallBounds, ReconciledCommit } from '../cell-store.ts';
import { sizeOf } from '../store/fold-writes.ts';
import { reconciledKey, UNCOPIED, uncopiedKey, withKeyOfCopy } from '../store/table-layout.ts';
import type { Table, TableWrite } from '../table/table.ts';

/** Lines read at once: a commit has 256 kB at most, and is far smaller as a rule. */
const PAGE_LINES = 50;
/** A transaction takes 4 MB. */
const TRANSACTION_BYTES_MAX = 2 * 1024 * 1024;
/** After a process died between a line and its copy, somebody has to look: every so many passes is soon enough. */
const LOOK_EVERY_PASSES = 20;

/** Goes with the line, in its transaction. */
export function markUncopied({ id, action }: ReconciledCommit): readonly TableWrite[] {
  const toldElsewhere = action === 'adopted' || action === 'superseded';
  return toldElsewhere ? [] : [{ kind: 'put', item: { ...uncopiedKey(id) } }];
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

  /** This process has settled something, and may have written marks. */
  settled(): void {
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
    if (page.items.length === 0) return;
    const keys = page.items.map(({ sk }) => reconciledKey(sk));
    const lines = await from.getMany(keys, within());
    const copies = lines.map((line): TableWrite => ({ kind: 'put', item: withKeyOfCopy(line) }));
    for (const some of bySize(copies)) await to.transact(some, within());
    await from.deleteMany(page.items, within());
    after = page.next;
  }
}

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
