/**
 * The provider's decisions as a log: every attempt is judged by what all the entries before it say, and takes the next place
 * in it. Somebody else may have taken that place meanwhile (another request, another process): then it is judged anew. So a
 * key is captured at most once, however many processes the provider has. Where the log lies is behind a port: a file on one
 * machine, a table on AWS.
 */
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { fullJitterMs, type Rng } from '../../core/rng.ts';
import { type Attempt, type Charge, ChargeBook, type ChargeEntry } from './charge-book.ts';

export interface EntryLog {
  /** The entries behind the first `seq` of them, in order: all, or the first few of them (`limit`). */
  after(seq: number, limit?: number): Promise<readonly ChargeEntry[]>;
  /** Puts the entry at its place for good. `false`: the place is taken. Throws when it may or may not stand. */
  place(entry: ChargeEntry): Promise<boolean>;
}

export interface ChargeLogOptions {
  readonly log: EntryLog;
  readonly clock: Clock;
  readonly rng: Rng;
}

const TRIES_MAX = 20;
const BACKOFF = { baseMs: 5, capMs: 400 };

export class ChargeLog {
  readonly #o: ChargeLogOptions;
  readonly #book = new ChargeBook();
  #known = 0;

  constructor(options: ChargeLogOptions) {
    this.#o = options;
  }

  /** `declines` is asked only when the key is new. */
  charge(charge: Charge, declines: () => boolean): Promise<Attempt> {
    return this.#record(charge.key, () => {
      const attempt = this.#book.judgeCharge(charge, declines);
      return { attempt, charge };
    });
  }

  async void(key: string): Promise<void> {
    await this.#record(key, () => {
      if (this.#book.isVoided(key)) return null;
      return { attempt: { status: 'voided', state: 'voided' }, charge: this.#book.chargeOf(key) };
    });
  }

  /** A page of entries, and how many there are. */
  async page(after: number, limit: number) {
    await this.#catchUp();
    return { entries: await this.#o.log.after(after, limit), total: this.#known };
  }

  async #record(
    key: string,
    judge: () => { readonly attempt: Attempt; readonly charge: Charge } | null,
  ): Promise<Attempt> {
    const { log, clock, rng } = this.#o;
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      await this.#catchUp();
      const judged = judge();
      if (judged === null) return { status: 'voided', state: 'voided' };
      const entry = { seq: this.#known + 1, ...judged.charge, status: judged.attempt.status, atMs: clock.wallMs() };
      if (await log.place(entry)) return judged.attempt;
      await clock.sleep(fullJitterMs(rng, { ...BACKOFF, attempt }));
    }
    throw crowded(key);
  }

  async #catchUp(): Promise<void> {
    for (const entry of await this.#o.log.after(this.#known)) {
      // Two calls of this process may have read the same entries.
      if (entry.seq !== this.#known + 1) continue;
      this.#book.apply(entry);
      this.#known = entry.seq;
    }
  }
}

function crowded(key: string): PlatformError {
  return new PlatformError({
    code: 'OVERLOADED',
    kind: 'dependency',
    effect: 'none',
    message: `The provider's ledger was written by others ${TRIES_MAX} times in a row. Nothing became of key ${key}; repeat it.`,
  });
}
