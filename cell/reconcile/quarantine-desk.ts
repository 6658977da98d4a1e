/**
 * The quarantine for people who decide. Every choice goes the same way as the loop's (`settlement.ts`), through the owner's
 * fenced store; nobody writes to a store past it.
 */
import { sameRevision } from '../../core/commit.ts';
import { PlatformError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { CallBounds, ReconciledCommit } from '../cell-store.ts';
import { leaseNotHeld } from '../store/store-refusals.ts';
import { itemsOf, QuarantineView } from './quarantine-view.ts';
import type { ReconcilerOptions } from './reconciler.ts';
import { lookAt, settle, type Waiting } from './settlement.ts';
import type { Order } from './taking-in.ts';

const CALL_MS_MAX = 2_000;
const SETTLE_MS_MAX = 10_000;

export class QuarantineDesk extends QuarantineView {
  readonly #o: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    super(options);
    this.#o = options;
  }

  /** Throws `NOT_FOUND`, `LEASE_NOT_HELD`, `RECONCILE_REFUSED` with what changed since, and what the store throws. */
  async settle(id: string, order: Order): Promise<ReconciledCommit> {
    const standing = this.#o.lease.standing();
    if (!standing.held) throw leaseNotHeld(standing);
    const waiting = await this.find(id);
    const result = await settle(this.#o, { waiting, order }, this.#within(SETTLE_MS_MAX));
    if (result.settled) {
      this.#o.copies.settled();
      // A peer that does not answer gets the line later; what was settled is settled.
      await this.#o.copies.turn(() => this.#within(CALL_MS_MAX));
      return result.settled;
    }
    throw await this.#refusal(waiting, { order, why: result.why });
  }

  async #refusal(waiting: Waiting, { order, why }: { order: Order; why: string }): Promise<PlatformError> {
    const { commit } = waiting.row;
    const { present } = await lookAt(this.#o, commit, this.#within(CALL_MS_MAX));
    const changed = itemsOf(commit, present).map(
      ({ item, quarantined, present: now }) => `${item}: it has ${short(quarantined)}, now ${short(now)}`,
    );
    const base = sameRevision(present.head, commit.previous) ? '' : ` Changed since: ${changed.join('; ')}.`;
    return new PlatformError({
      code: 'RECONCILE_REFUSED',
      kind: 'caller',
      effect: 'none',
      message: `${order.wish} of ${commit.aggregate} ${commit.epoch}.${commit.version} was refused: ${why}.${base} It stays in the quarantine; look with "show", then choose another way or discard it.`,
    });
  }

  #within(ms: number): CallBounds {
    return { deadlineAtMs: this.#o.clock.monotonicMs() + ms };
  }
}

const SHORT_MAX = 160;
const short = (value: Json) => {
  const text = value === null ? 'nothing' : JSON.stringify(value);
  return text.length > SHORT_MAX ? `${text.slice(0, SHORT_MAX)}…` : text;
};
