/**
 * The file of the break-glass, looked at again and again: a person who stands at the host has an editor and nothing else. It is
 * read beside the requests, never on their way.
 */
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { MODES_BYTES_MAX } from '../../core/modes/modes-document.ts';
import type { BreakGlass } from './break-glass.ts';

/** Below the two seconds in which a switch has to be in effect, by far; a `stat` of a file that is not there costs nothing. */
const LOOK_EVERY_MS = 500;

export class GlassFile {
  readonly #o: { readonly path: string; readonly glass: BreakGlass; readonly clock: Clock };

  constructor(options: { readonly path: string; readonly glass: BreakGlass; readonly clock: Clock }) {
    this.#o = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await this.#o.clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined); // Aborted: the loop ends.
    }
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const { glass, path } = this.#o;
    try {
      glass.take(await textOf(path));
    } catch (thrown) {
      glass.refuse(String(thrown));
    }
  }
}

/** `null`: there is no file. Rejects when there is one that can't be read, or is larger than any document of modes. */
async function textOf(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path);
    if (size > MODES_BYTES_MAX) throw new Error(`${size} bytes. Allowed: ${MODES_BYTES_MAX}.`);
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException | null)?.code === 'ENOENT') return null;
    throw thrown;
  }
}
