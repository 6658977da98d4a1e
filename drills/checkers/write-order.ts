/**
 * What is certain about the order of one key's writes, and whether a value that was read is older than a given write.
 *
 *   a before b  a was over, and acknowledged or refused, when b began (real time), or b's client had read a's value before it
 *               asked for b (what it wrote follows what it read)
 *
 * Overlapping writes are in no order, so nothing is ever older than a write that it overlapped: what is found is certain.
 */

import type { Json } from '../../core/json.ts';
import { type Call, canonical, isOk, precedes } from '../history/call.ts';

export class WriteOrder {
  readonly #writers = new Map<string, Call[]>();
  /** Write → values that its client had read of this key before. */
  readonly #readBefore = new Map<Call, ReadonlySet<string>>();

  /** `calls`: all of one key. */
  constructor(calls: readonly Call[]) {
    const readBy = new Map<number, Set<string>>();
    for (const call of [...calls].sort((a, b) => a.invokedAtMs - b.invokedAtMs)) {
      const read = readBy.get(call.client) ?? new Set<string>();
      readBy.set(call.client, read);
      if (call.op === 'stock.get' && isOk(call)) read.add(canonical(call.value));
      if (call.op !== 'stock.put') continue;
      this.#readBefore.set(call, new Set(read));
      if (call.outcome === 'fail') continue;
      const value = canonical(call.asked);
      this.#writers.set(value, [...(this.#writers.get(value) ?? []), call]);
    }
  }

  /** The writes that may have set the value; none of a value that nobody wrote. */
  writersOf(value: Json): readonly Call[] {
    return this.#writers.get(canonical(value)) ?? [];
  }

  /** Whether the value (`null`: nothing) is certainly of before the write. */
  isOlder(value: Json, write: Call): boolean {
    const writers = this.writersOf(value);
    if (writers.includes(write)) return false;
    if (value === null) return true;
    return writers.length > 0 && writers.every((writer) => this.#isBefore(writer, write));
  }

  #isBefore(a: Call, b: Call): boolean {
    return precedes(a, b) || (this.#readBefore.get(b)?.has(canonical(a.asked)) ?? false);
  }
}

/** What the read showed: a value, or `null` for nothing; `undefined` when it showed neither. */
export function shownBy(call: Call): Json | undefined {
  if (call.op !== 'stock.get') return undefined;
  if (isOk(call)) return call.value;
  // A refusal carries no age, so where a standby was allowed nobody knows how old "nothing" is.
  const found = call.outcome !== 'fail' || call.code !== 'NOT_FOUND';
  return found || call.region === null || call.askedStalenessMs !== null ? undefined : null;
}

/** A write that another region's takeover may have undone before the later answer: see `register-model.ts`. */
export function mayBeUndone(write: Call, later: Call): boolean {
  const durable = isOk(write) && write.degraded === null;
  if (durable) return false;
  return write.epoch === null || later.epoch === null || later.epoch > write.epoch;
}
