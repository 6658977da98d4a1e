/**
 * Read-your-writes and monotonic reads across regions. A session names what its holder wrote, and saw at the region that
 * wrote it; a region that reads for it first looks whether its own copy includes that.
 *
 *   included ──▶ answer        on its way ──▶ wait a little, then send on        the line went on without it ──▶ answer, and say so
 *
 * What both regions have is named no longer. Source: Terry et al., "Session guarantees for weakly consistent replicated
 * data" (1994); the token is the session's state, kept by the client.
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { type Aggregate, type CommitReceipt, type Head, includes, type Revision } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import type { AggregateId } from '../../core/ids.ts';
import {
  aggregateHash,
  decodeToken,
  ENTRIES_MAX,
  encodeToken,
  SESSION_LENGTH_MAX,
  type SessionEntry,
} from './session-token.ts';

export type SeenHere =
  | 'yes'
  /** It may still come: wait, or ask the other region. */
  | 'not-yet'
  /** The owner's line went on without it: acknowledged in one region only, and lost with that. It will not come. */
  | 'lost';

export class Session {
  /** Whether the caller brought one, so that reads have something to keep. */
  readonly given: boolean;
  readonly #runtime: CellRuntime;
  readonly #entries: Map<string, SessionEntry>;
  readonly #marks: Map<string, string>;
  #lost = false;
  /** Set by the first read that has to wait: all reads of a request wait once, together. */
  waitUntilMs: number | null = null;

  /** Throws `INVALID_INPUT`. */
  constructor(runtime: CellRuntime, text: string | undefined) {
    const token = text === undefined ? null : decodeToken(text);
    this.#runtime = runtime;
    this.given = token !== null;
    this.#entries = new Map(token?.entries);
    this.#marks = new Map(token?.marks);
  }

  /** Something that the session had seen is lost. */
  get lost(): boolean {
    return this.#lost;
  }

  judge({ id, head }: Pick<Aggregate, 'id' | 'head'>): SeenHere {
    const wanted = this.#entries.get(aggregateHash(id));
    if (wanted === undefined) return this.#marksReached(id, head) ? 'yes' : 'not-yet';
    if (includes(head, wanted)) return 'yes';
    if (wanted.epoch === 0) return 'not-yet';
    const standing = this.#runtime.standing();
    const ownerEpoch = standing.state === 'active' ? standing.epoch : 0;
    return Math.max(head?.epoch ?? 0, ownerEpoch) > wanted.epoch ? 'lost' : 'not-yet';
  }

  /** Notes what was shown to the caller. */
  saw({ id, head }: Pick<Aggregate, 'id' | 'head'>, seen: SeenHere): void {
    const hash = aggregateHash(id);
    if (seen === 'lost') this.#lost = true;
    // From here on it is this head that must not go back; and what was read from the peer's copy, both regions have.
    this.#entries.delete(hash);
    if (head !== null && this.#isWriterOf(id, head)) this.#note(hash, head);
  }

  wrote(id: AggregateId, receipt: CommitReceipt): void {
    const hash = aggregateHash(id);
    this.#entries.delete(hash);
    if (receipt.ack !== 'replicated') this.#note(hash, receipt);
  }

  /** At most `SESSION_LENGTH_MAX` characters. */
  text(): string {
    let text = encodeToken({ entries: this.#entries, marks: this.#marks });
    while ((text.length > SESSION_LENGTH_MAX || this.#entries.size > ENTRIES_MAX) && this.#forgetOldest()) {
      text = encodeToken({ entries: this.#entries, marks: this.#marks });
    }
    return text;
  }

  #note(hash: string, { epoch, version }: Revision): void {
    this.#entries.set(hash, { epoch, version, region: this.#runtime.identity.region });
  }

  /** What was written here is covered by a mark of this region; entries of the other one are not ours to forget. */
  #forgetOldest(): boolean {
    const { region } = this.#runtime.identity;
    const oldest = [...this.#entries].find(([, entry]) => entry.region === region);
    if (oldest === undefined) return false;
    this.#entries.delete(oldest[0]);
    this.#marks.set(region, this.#runtime.commitMark());
    return true;
  }

  #marksReached(id: AggregateId, head: Head | null): boolean {
    const mark = this.#marks.get(this.#runtime.identity.peer);
    return mark === undefined || this.#isWriterOf(id, head) || this.#runtime.hasPeersMark(mark);
  }

  /** Lanes name their region; everything else is written by the owner. */
  #isWriterOf(id: AggregateId, head: Head | null): boolean {
    const { region, peer } = this.#runtime.identity;
    if (id.endsWith(`@${region}`)) return true;
    if (id.endsWith(`@${peer}`) || head?.epoch === 0) return false;
    return this.#runtime.standing().state === 'active';
  }
}

export function notSeenHere(): PlatformError {
  return new PlatformError({
    code: 'COPY_BEHIND',
    kind: 'caller',
    effect: 'none',
    message:
      'What your session has already seen has not arrived in this region. Repeat in a moment, or leave x-session out to read what is here.',
  });
}
