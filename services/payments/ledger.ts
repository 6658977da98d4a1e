/**
 * The provider's ledger: one line a charge attempt, in an append-only file. Invariant: an entry is on disk before anybody
 * is told of it, so that `kill -9` at any instant loses no answer that was given. A torn last line was never answered; it
 * is cut off at the start.
 */
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { PlatformError } from '../../core/errors.ts';
import type { ChargeEntry } from './charge-book.ts';
import type { EntryLog } from './charge-log.ts';

/** About 40 MB of file and 60 MB of memory; a drill makes a few thousand. */
export const LEDGER_ENTRIES_MAX = 200_000;

export class Ledger implements EntryLog {
  readonly #file: number;
  readonly #entries: ChargeEntry[];

  /** Reads what is there. Throws `PROCESS_FAILED` on a file that is no ledger. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    // Append mode: every write goes to the end, wherever the last one stopped.
    this.#file = openSync(path, 'a+');
    const { entries, wholeBytes, bytes } = parse(readFileSync(path), path);
    if (wholeBytes < bytes) ftruncateSync(this.#file, wholeBytes);
    this.#entries = entries;
  }

  get entries(): readonly ChargeEntry[] {
    return this.#entries;
  }

  async after(seq: number, limit = LEDGER_ENTRIES_MAX): Promise<readonly ChargeEntry[]> {
    return this.#entries.slice(seq, seq + limit);
  }

  /** On disk before it returns. Between the look at the place and the write nobody else runs. */
  async place(entry: ChargeEntry): Promise<boolean> {
    if (entry.seq !== this.#entries.length + 1) return false;
    if (this.#entries.length >= LEDGER_ENTRIES_MAX) {
      throw new PlatformError({
        code: 'OVERLOADED',
        kind: 'dependency',
        effect: 'none',
        message: `The ledger holds ${LEDGER_ENTRIES_MAX} entries, which is all it takes. Start the provider on a fresh directory.`,
      });
    }
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    for (let written = 0; written < line.length; ) written += writeSync(this.#file, line, written);
    fsyncSync(this.#file);
    this.#entries.push(entry);
    return true;
  }

  close(): void {
    closeSync(this.#file);
  }
}

function parse(content: Buffer, path: string) {
  const wholeBytes = content.lastIndexOf(0x0a) + 1;
  const lines = content.subarray(0, wholeBytes).toString('utf8').split('\n').slice(0, -1);
  const entries = lines.map((line, index) => {
    const entry = parseLine(line);
    if (entry?.seq === index + 1) return entry;
    throw new PlatformError({
      code: 'PROCESS_FAILED',
      kind: 'dependency',
      effect: 'none',
      message: `Line ${index + 1} of ${path} is no entry of a ledger. Move the file away and start again.`,
    });
  });
  return { entries, wholeBytes, bytes: content.length };
}

function parseLine(line: string): ChargeEntry | null {
  try {
    return JSON.parse(line) as ChargeEntry;
  } catch {
    // Said by the caller, with the number of the line.
    return null;
  }
}
