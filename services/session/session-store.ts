/**
 * The cell's store as a session sees it: reads that must not go behind the session wait for it or are sent on, writes are
 * noted in it. It is a store like the other one, so that no service has to know of sessions: they pass on the bounds of
 * their call, and the session is in there.
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { CallBounds, CellStore } from '../../cell/cell-store.ts';
import type { Aggregate, CommitDraft, CommitReceipt } from '../../core/commit.ts';
import type { AckMode } from '../../core/consistency.ts';
import type { AggregateId, Epoch } from '../../core/ids.ts';
import { notSeenHere, type Session } from './session.ts';

/** A healthy replication takes milliseconds; whoever waits longer is better served by the other region. */
const WAIT_MS_MAX = 250;
const LOOK_EVERY_MS = 20;
/** Of the deadline, left for asking the other region. */
const RESERVE_MS = 200;

export interface SessionBounds extends CallBounds {
  readonly session?: Session;
  /** Only reads have to keep what the session saw; a write is judged by its commit. */
  readonly keepsSession?: boolean;
}

/** The runtime of a service: the cell's, with sessions. */
export function withSessions(runtime: CellRuntime): CellRuntime {
  return { ...bound(runtime), store: new SessionStore(runtime) };
}

class SessionStore implements CellStore {
  readonly #runtime: CellRuntime;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  async read(id: AggregateId, bounds: SessionBounds): Promise<Aggregate> {
    const { session, keepsSession } = bounds;
    for (;;) {
      const aggregate = await this.#runtime.store.read(id, bounds);
      if (!session?.given || !keepsSession) return aggregate;
      const seen = session.judge(aggregate);
      if (seen !== 'not-yet') {
        session.saw(aggregate, seen);
        return aggregate;
      }
      await this.#wait(session, bounds);
    }
  }

  async commit(draft: CommitDraft, options: SessionBounds & { readonly ack: AckMode }): Promise<CommitReceipt> {
    const receipt = await this.#runtime.store.commit(draft, options);
    options.session?.wrote(draft.aggregate, receipt);
    return receipt;
  }

  confirmOwner(epoch: Epoch, bounds: CallBounds): Promise<void> {
    return this.#runtime.store.confirmOwner(epoch, bounds);
  }

  async #wait(session: Session, bounds: CallBounds): Promise<void> {
    const { clock } = this.#runtime;
    const nowMs = clock.monotonicMs();
    session.waitUntilMs ??= Math.min(nowMs + WAIT_MS_MAX, bounds.deadlineAtMs - RESERVE_MS);
    if (nowMs + LOOK_EVERY_MS > session.waitUntilMs) throw notSeenHere();
    await clock.sleep(LOOK_EVERY_MS, bounds.signal);
  }
}

/** Its methods, kept on it: a runtime may be an object of a class. */
function bound(runtime: CellRuntime): Omit<CellRuntime, 'store'> {
  return {
    identity: runtime.identity,
    clock: runtime.clock,
    rng: runtime.rng,
    release: runtime.release,
    log: runtime.log,
    documents: runtime.documents,
    admission: runtime.admission,
    hearsPeer: runtime.hearsPeer,
    standing: () => runtime.standing(),
    servesTenant: (tenant) => runtime.servesTenant(tenant),
    stalenessMs: () => runtime.stalenessMs(),
    copyStalenessMs: () => runtime.copyStalenessMs(),
    commitMark: () => runtime.commitMark(),
    hasPeersMark: (mark) => runtime.hasPeersMark(mark),
    onMessage: (handler) => runtime.onMessage(handler),
    onConflict: (handler) => runtime.onConflict(handler),
    setting: (name) => runtime.setting(name),
  };
}
