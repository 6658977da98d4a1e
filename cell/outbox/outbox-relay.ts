/**
 * Hands the messages of the outbox to their handlers, at least once, while this region is active. The request that wrote
 * a message usually deals with it itself, so a message is left alone until it is old enough to be an orphan. The handler
 * commits `outboxDone`; until then the message comes again, with backoff, for ever: what was promised is not forgotten.
 */
import type { Clock } from '../../core/clock.ts';
import type { OutboxMessage } from '../../core/commit.ts';
import { aggregateId } from '../../core/ids.ts';
import { fullJitterMs, type Rng } from '../../core/rng.ts';
import type { CallBounds, DeliveredMessage, MessageHandler } from '../cell-store.ts';
import type { LeaseView } from '../lease/lease-view.ts';
import { JOURNAL_SHARDS, outboxPk } from '../store/table-layout.ts';
import type { Item, Table } from '../table/table.ts';

const POLL_EVERY_MS = 1_000;
/** With no message waiting and none written here, only another process of the region can have left one: no need to hurry. */
const IDLE_BEATS = 5;
/** Longer than any route's own deadline for settling what it wrote would be better still, but late is only slow here. */
const LEFT_ALONE_MS = 2_000;
const HANDLE_MS_MAX = 10_000;
/** Messages of one page, and of one poll: a long outage of what the handlers call leaves many, and all get their turn. */
const PAGE_MESSAGES = 100;
const POLL_MESSAGES_MAX = 2_000;
const LANES_MAX = 4;
const RETRY_BACKOFF = { baseMs: 1_000, capMs: 30_000 };

interface Attempt {
  readonly failures: number;
  readonly dueAtMs: number;
}

export class OutboxRelay {
  readonly #table: Table;
  readonly #lease: LeaseView;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #handlers = new Map<string, MessageHandler>();
  /** By message; forgotten when the message is gone. Bounded by the messages of one poll. */
  #attempts = new Map<string, Attempt>();
  /** The epoch under which the last poll was made, and the beats since. */
  #polled: { readonly epoch: number; beats: number } | null = null;

  constructor(options: { table: Table; lease: LeaseView; clock: Clock; rng: Rng }) {
    this.#table = options.table;
    this.#lease = options.lease;
    this.#clock = options.clock;
    this.#rng = options.rng;
  }

  register(handler: MessageHandler): void {
    this.#handlers.set(handler.topic, handler);
  }

  /** A commit of this process may have left messages: look at the next beat. */
  ring(): void {
    this.#polled = null;
  }

  get waiting(): number {
    return this.#attempts.size;
  }

  /** How long until the first of the messages that were seen is due, ms; `null`: none waits. */
  get dueInMs(): number | null {
    if (this.#attempts.size === 0) return null;
    let dueAtMs = Number.POSITIVE_INFINITY;
    for (const attempt of this.#attempts.values()) dueAtMs = Math.min(dueAtMs, attempt.dueAtMs);
    return Math.max(0, dueAtMs - this.#clock.monotonicMs());
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const standing = this.#lease.standing();
      if (!standing.held) this.#attempts.clear();
      else if (this.#isDue(standing.epoch)) {
        this.#polled = { epoch: standing.epoch, beats: 0 };
        // A store that does not answer is tried again at the next beat; the messages lie safe in it.
        await this.poll(signal).catch(() => this.ring());
      }
      await this.#clock.sleep(POLL_EVERY_MS * (0.9 + 0.2 * this.#rng.next()), signal).catch(ended);
    }
  }

  /** What an earlier owner left is looked for at once, and then what may have been left since. */
  #isDue(epoch: number): boolean {
    const polled = this.#polled;
    if (polled === null || polled.epoch !== epoch || this.#attempts.size > 0) return true;
    polled.beats++;
    return polled.beats >= IDLE_BEATS;
  }

  /** One look at every shard, one try of everything that is due. */
  async poll(signal?: AbortSignal): Promise<void> {
    const seen = new Map<string, Attempt>();
    const due: { key: string; message: DeliveredMessage }[] = [];
    for (const item of await this.#waitingMessages(signal)) {
      const key = `${item.pk}/${item.sk}`;
      const attempt = this.#attempts.get(key) ?? { failures: 0, dueAtMs: this.#clock.monotonicMs() + LEFT_ALONE_MS };
      seen.set(key, attempt);
      if (attempt.dueAtMs <= this.#clock.monotonicMs()) due.push({ key, message: toMessage(item) });
    }
    this.#attempts = seen;
    if (due.length === 0) return;
    const lane = async () => {
      for (let next = due.pop(); next && !signal?.aborted; next = due.pop())
        await this.#handle(next, this.#within(signal));
    };
    await Promise.all(Array.from({ length: Math.min(due.length, LANES_MAX) }, lane));
  }

  async #waitingMessages(signal?: AbortSignal): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let shard = 0; shard < JOURNAL_SHARDS; shard++) {
      let after: string | null = '';
      while (after !== null && items.length < POLL_MESSAGES_MAX) {
        const from = after === '' ? {} : { after };
        const page = await this.#table.query(outboxPk(shard), {
          ...this.#within(signal),
          ...from,
          limit: PAGE_MESSAGES,
        });
        items.push(...page.items);
        after = page.next;
      }
    }
    return items;
  }

  /** Each call and each message has the whole time: one that hangs takes nothing from the others. */
  #within(signal?: AbortSignal): CallBounds {
    return { deadlineAtMs: this.#clock.monotonicMs() + HANDLE_MS_MAX, ...(signal ? { signal } : {}) };
  }

  async #handle(next: { key: string; message: DeliveredMessage }, bounds: CallBounds): Promise<void> {
    const { key, message } = next;
    try {
      await this.#handlers.get(message.topic)?.handle(message, bounds);
      this.#attempts.delete(key);
    } catch {
      // The reason is the handler's to log; here it only means: later, and each time a little later.
      const failures = (this.#attempts.get(key)?.failures ?? 0) + 1;
      const waitMs = POLL_EVERY_MS + fullJitterMs(this.#rng, { ...RETRY_BACKOFF, attempt: failures });
      this.#attempts.set(key, { failures, dueAtMs: this.#clock.monotonicMs() + waitMs });
    }
  }
}

function toMessage(item: Item): DeliveredMessage {
  const message = JSON.parse(String(item.message)) as OutboxMessage;
  return { ...message, aggregate: aggregateId(item.sk.slice(0, item.sk.lastIndexOf(`#${message.id}`))) };
}

const ended = () => undefined;
