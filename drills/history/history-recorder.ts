/**
 * Writes a history while it happens. Invariant: events are stamped and appended in one step, so the file's order is the
 * order of time; every invocation gets exactly one completion, at the latest when the recorder is closed.
 */

import { createHash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Clock } from '../../core/clock.ts';
import { invariant } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { FailEvent, InfoEvent, InvokeEvent, OkEvent, OperationEvent } from './operation.ts';
import { HISTORY_LINES_MAX, type HistorySeal } from './read-history.ts';

type Invocation = Omit<InvokeEvent, 't' | 'type' | 'epoch'>;
/** What the client learned. */
export type Completion =
  | {
      readonly type: 'ok';
      readonly value: Json;
      readonly region: string | null;
      readonly epoch: number | null;
      readonly degraded?: string;
      readonly stalenessMs?: number;
    }
  | {
      readonly type: 'fail' | 'info';
      readonly code: string;
      readonly region: string | null;
      readonly epoch: number | null;
    };

export interface OpenCall {
  readonly event: InvokeEvent;
  /** Once; later calls are ignored, because the client had given the answer up. */
  complete(completion: Completion): OperationEvent | null;
}

export class HistoryRecorder {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #file: WriteStream;
  readonly #digest = createHash('sha256');
  readonly #open = new Map<number, OpenCall>();
  readonly #listeners: ((event: OperationEvent) => void)[] = [];
  #lines = 0;
  #closed = false;

  constructor(options: { readonly path: string; readonly clock: Clock; readonly startMs: number }) {
    this.#clock = options.clock;
    this.#startMs = options.startMs;
    this.#file = createWriteStream(options.path, { flags: 'wx' });
  }

  /** Milliseconds since the drill began. */
  nowMs(): number {
    return Math.round((this.#clock.monotonicMs() - this.#startMs) * 1_000) / 1_000;
  }

  /** Called with every event, after it was written. For detectors and progress; must not throw. */
  onEvent(listener: (event: OperationEvent) => void): void {
    this.#listeners.push(listener);
  }

  invoke(invocation: Invocation): OpenCall {
    invariant(!this.#closed, 'no call begins after the history was closed');
    invariant(!this.#open.has(invocation.client), `client ${invocation.client} has no other call open`);
    const event: InvokeEvent = { t: this.nowMs(), type: 'invoke', ...invocation, epoch: null };
    const call: OpenCall = { event, complete: (completion) => this.#complete(call, completion) };
    this.#open.set(invocation.client, call);
    this.#append(event);
    return call;
  }

  /** Completes what is still open as unknown, and resolves with the seal once the file is on disk. */
  async close(): Promise<HistorySeal> {
    for (const call of [...this.#open.values()]) {
      call.complete({ type: 'info', code: 'DRILL_ENDED', region: null, epoch: null });
    }
    this.#closed = true;
    this.#file.end();
    await finished(this.#file);
    return { lines: this.#lines, sha256: this.#digest.digest('hex') };
  }

  #complete(call: OpenCall, completion: Completion): OperationEvent | null {
    const { client, op, key, cell, id, value } = call.event;
    if (this.#open.get(client) !== call) return null;
    this.#open.delete(client);
    const base = { t: this.nowMs(), client, op, key, cell, id, value };
    const event: OkEvent | FailEvent | InfoEvent = { ...base, ...completion };
    this.#append(event);
    return event;
  }

  #append(event: OperationEvent): void {
    invariant(this.#lines < HISTORY_LINES_MAX, `a history has at most ${HISTORY_LINES_MAX} lines`);
    const line = `${JSON.stringify(event)}\n`;
    this.#lines += 1;
    this.#digest.update(line);
    this.#file.write(line);
    for (const listener of this.#listeners) listener(event);
  }
}
