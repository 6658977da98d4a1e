/**
 * A file that outlives its process: the last known good of whatever a consumer holds. Written whole to a temporary file and
 * renamed, so that a crash leaves the old or the new one, never half of one. Saving never delays or fails its caller.
 */
import { type FileHandle, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { invalid } from '../core/errors.ts';

/** What changes many times a second reaches the disk once. */
const WRITE_EVERY_MS = 1_000;

export class KeptFile {
  readonly #clock: Clock;
  readonly #path: string;
  #pending: (() => string) | null = null;
  #draining = false;
  #written: Promise<void> = Promise.resolve();
  #lastError: string | null = null;

  constructor(options: { readonly clock: Clock; readonly path: string }) {
    this.#clock = options.clock;
    this.#path = options.path;
  }

  get lastError(): string | null {
    return this.#lastError;
  }

  /** Rejects when there is no file, or it is longer than anything that was ever saved. */
  async read({ bytesMax }: { readonly bytesMax: number }): Promise<string> {
    const { size } = await stat(this.#path);
    if (size > bytesMax) throw invalid(`${this.#path} has ${size} bytes. Allowed: ${bytesMax}.`);
    return readFile(this.#path, 'utf8');
  }

  /**
   * Soon, and at most once a second; `text` is asked when it is written, so that it says what is so then. A failure to write
   * is kept in `lastError`, and tried again at the next change.
   */
  save(text: () => string): void {
    this.#pending = text;
    if (this.#draining) return;
    this.#draining = true;
    void this.#drain();
  }

  /** Writes now what is still to be written. */
  async flush(): Promise<void> {
    await this.#written;
    await this.#writePending();
  }

  async #drain(): Promise<void> {
    while (this.#pending !== null) {
      this.#written = this.#writePending();
      await this.#written;
      await this.#clock.sleep(WRITE_EVERY_MS);
    }
    this.#draining = false;
  }

  async #writePending(): Promise<void> {
    const text = this.#pending;
    if (text === null) return;
    this.#pending = null;
    try {
      await this.#write(text());
      this.#lastError = null;
    } catch (error) {
      this.#lastError = error instanceof Error ? error.message : String(error);
    }
  }

  async #write(text: string): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const temporary = `${this.#path}.${process.pid}.tmp`;
    const file: FileHandle = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(text);
      // Without it a power cut may leave a renamed file without its content.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#path);
  }
}
