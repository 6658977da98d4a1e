/** A table behind a link that can fail in the ways that matter: absent, slow past the deadline, and done but not answered. */
import type { CallBounds } from '../../cell/cell-store.ts';
import type { Table } from '../../cell/table/table.ts';
import { PlatformError } from '../../core/errors.ts';

export type LinkState = 'up' | 'refused' | 'effect-then-timeout' | 'timeout';

export class FaultyTable implements Table {
  readonly #inner: Table;
  state: LinkState = 'up';
  calls = 0;
  /** Runs before each call reaches the table; may change anything, or wait. */
  before: (call: string) => void | Promise<void> = () => undefined;

  constructor(inner: Table) {
    this.#inner = inner;
  }

  get: Table['get'] = (...args) => this.#pass('get', () => this.#inner.get(...args));
  getMany: Table['getMany'] = (...args) => this.#pass('getMany', () => this.#inner.getMany(...args));
  query: Table['query'] = (...args) => this.#pass('query', () => this.#inner.query(...args));
  write: Table['write'] = (...args) => this.#pass('write', () => this.#inner.write(...args));
  transact: Table['transact'] = (...args) => this.#pass('transact', () => this.#inner.transact(...args));
  deleteMany: Table['deleteMany'] = (...args) => this.#pass('deleteMany', () => this.#inner.deleteMany(...args));

  async #pass<T>(call: string, run: () => Promise<T>): Promise<T> {
    this.calls++;
    await this.before(call);
    if (this.state === 'refused') throw unavailable('none');
    if (this.state === 'timeout') throw unavailable('unknown');
    const result = await run();
    if (this.state === 'effect-then-timeout') throw unavailable('unknown');
    return result;
  }
}

export const noDeadline: CallBounds = { deadlineAtMs: Number.POSITIVE_INFINITY };

function unavailable(effect: 'none' | 'unknown'): PlatformError {
  return new PlatformError({ code: 'STORE_UNAVAILABLE', kind: 'dependency', effect, message: 'the link is down' });
}
