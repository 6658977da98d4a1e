/** What happened, as one hash (two runs of a seed must agree) and, when asked for, as lines for people. */
import { fnv1a32 } from '../../core/hash.ts';

export const hashOf = (text: string): number => fnv1a32(text);

/** Lines kept for printing: the newest, because a violation ends the run. */
const LINES_MAX = 20_000;

export type Tracing = 'none' | 'hash' | 'lines';

export class Trace {
  /** Ask before a line is built that is told often. */
  readonly on: boolean;
  readonly #keep: boolean;
  #hash = 0x811c9dc5;
  readonly lines: string[] = [];

  constructor(tracing: Tracing) {
    this.on = tracing !== 'none';
    this.#keep = tracing === 'lines';
  }

  add(atMs: number, line: string): void {
    if (!this.on) return;
    let hash = Math.imul(this.#hash ^ Math.round(atMs * 1_000), 0x01000193);
    for (let index = 0; index < line.length; index++) hash = Math.imul(hash ^ line.charCodeAt(index), 0x01000193);
    this.#hash = hash >>> 0;
    if (this.#keep && this.lines.length < LINES_MAX) this.lines.push(`${atMs.toFixed(2)} ${line}`);
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0');
  }
}
