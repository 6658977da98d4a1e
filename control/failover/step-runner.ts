/** Carries out single steps of a failover. Each may be repeated by another coordinator: what is done already stays done. */
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { nextEpoch } from '../../core/ids.ts';
import { type HeldLease, PINNED_TTL_MS, releasedTo, takeoverWaitMs } from '../../core/lease.ts';
import type { CoordinatorOptions } from './coordinator-options.ts';
import {
  ARBITER_MS_MAX,
  CATCH_UP_MS_MAX,
  DRAIN_PLANNED_MS_MAX,
  DRAIN_UNPLANNED_MS_MAX,
  FENCE_MS_MAX,
  LEASE_POLL_MS,
  LEASE_WAITS_MAX,
  OPEN_MS_MAX,
  OPEN_POLL_MS,
  OPEN_TTLS_MAX,
} from './failover-limits.ts';
import type { FailoverPorts } from './failover-ports.ts';
import type { FailoverRecord } from './failover-record.ts';
import type { ActiveStep, StepOutcome } from './failover-steps.ts';

export interface StepRun {
  readonly outcome: StepOutcome;
  /** What the record learns from the step. */
  readonly found?: Partial<FailoverRecord>;
  readonly note?: string;
}

export class StepRunner {
  readonly #ports: FailoverPorts;
  readonly #clock: Clock;
  readonly #watchOf: CoordinatorOptions['watchOf'];

  constructor(options: CoordinatorOptions) {
    this.#ports = options.ports;
    this.#clock = options.clock;
    this.#watchOf = options.watchOf;
  }

  run(record: FailoverRecord, step: ActiveStep): Promise<StepRun> {
    switch (step) {
      case 'catch-up':
        return this.#catchUp(record);
      case 'fence':
        return this.#fence(record);
      case 'drain':
        return this.#drain(record);
      case 'wait':
        return this.#wait(record);
      case 'release':
        return this.#release(record);
      case 'open':
        return this.#open(record);
    }
  }

  async #catchUp({ decision }: FailoverRecord): Promise<StepRun> {
    const drained = await this.#ports.stores.drain(decision, { withinMs: CATCH_UP_MS_MAX }).catch(unanswered);
    const result = drained ? 'done' : 'unreachable';
    return {
      outcome: { step: 'catch-up', result },
      note: drained ? `${drained.shipped} shipped` : 'a store did not answer',
    };
  }

  /** Closes the old store at the epoch after the one that was seen: from then on no commit of the old epoch can succeed. */
  async #fence({ decision }: FailoverRecord): Promise<StepRun> {
    const { cell, from, seenEpoch } = decision;
    const withinMs = decision.fenceWithinMs ?? FENCE_MS_MAX;
    const closed = await this.#ports.stores
      .close({ cell, region: from }, nextEpoch(seenEpoch), { withinMs })
      .catch(unanswered);
    if (closed === null) {
      return { outcome: { step: 'fence', result: 'unreachable' }, note: `no answer within ${withinMs} ms` };
    }
    // Higher already: the store moved on to another owner's epoch. The release will find the lease moved, too.
    return {
      outcome: { step: 'fence', result: 'fenced' },
      found: { fenced: true },
      ...(closed ? {} : { note: 'was higher' }),
    };
  }

  async #drain({ decision }: FailoverRecord): Promise<StepRun> {
    const withinMs = decision.kind === 'failover' ? DRAIN_UNPLANNED_MS_MAX : DRAIN_PLANNED_MS_MAX;
    const drained = await this.#ports.stores.drain(decision, { withinMs }).catch(unanswered);
    const found = drained ?? { shipped: 0, complete: false };
    const result = found.complete ? 'complete' : 'incomplete';
    return { outcome: { step: 'drain', result }, found: { drained: found }, note: `${found.shipped} shipped` };
  }

  /**
   * Until the lease has not moved for the take-over wait, on this process's own clock. A lease that is not the old holder's
   * any more is nothing to wait for; the release looks what became of it.
   */
  async #wait({ decision }: FailoverRecord): Promise<StepRun> {
    const watch = this.#watchOf(decision.cell);
    const startedMs = this.#clock.monotonicMs();
    for (;;) {
      const lease = await this.#readLease(decision.cell);
      watch.observe(lease);
      if (lease.state === 'released' || lease.epoch !== decision.seenEpoch)
        return { outcome: { step: 'wait', result: 'expired' }, note: 'the lease was given up or has moved on' };
      if (lease.ttlMs === PINNED_TTL_MS)
        return { outcome: { step: 'wait', result: 'still-renewed' }, note: PINNED_NOTE };
      const remainingMs = watch.remainingMs() ?? takeoverWaitMs(lease.ttlMs);
      if (remainingMs === 0) return { outcome: { step: 'wait', result: 'expired' } };
      if (this.#clock.monotonicMs() - startedMs > LEASE_WAITS_MAX * takeoverWaitMs(lease.ttlMs)) {
        const note = `${decision.from} still renews its lease, so it is alive and its store is only out of reach from here`;
        return { outcome: { step: 'wait', result: 'still-renewed' }, note };
      }
      // At least a millisecond: a remainder below the clock's resolution would never pass.
      await this.#clock.sleep(Math.max(1, Math.min(LEASE_POLL_MS, remainingMs)));
    }
  }

  async #release(record: FailoverRecord): Promise<StepRun> {
    const { cell, from, to, seenEpoch } = record.decision;
    const lease = await this.#readLease(cell);
    if (lease.epoch > seenEpoch && lease.holder === to)
      return { outcome: { step: 'release', result: 'released' }, note: 'was taken' };
    if (lease.state === 'released' && lease.successor === to)
      return { outcome: { step: 'release', result: 'released' } };
    if (lease.state !== 'held' || lease.holder !== from || lease.epoch !== seenEpoch) {
      const note = `the lease is ${lease.state} at epoch ${lease.epoch} by ${lease.holder}`;
      return { outcome: { step: 'release', result: 'lost' }, note };
    }
    const done = await this.#releaseTo(record, lease);
    return {
      outcome: { step: 'release', result: done ? 'released' : 'lost' },
      ...(done ? {} : { note: 'the record moved' }),
    };
  }

  #releaseTo(record: FailoverRecord, lease: HeldLease): Promise<boolean> {
    const { cell, to } = record.decision;
    const limit = { withinMs: ARBITER_MS_MAX };
    if (record.fenced) {
      const next = releasedTo(lease, { successor: to, proof: 'fenced' });
      return this.#ports.leases.release({ seen: lease, next, match: 'fenced' }, limit);
    }
    const watch = this.#watchOf(cell);
    watch.observe(lease);
    // Renewed since the wait: the proof is an unmoved record, and there is none.
    if (watch.remainingMs() !== 0) return Promise.resolve(false);
    const next = releasedTo(lease, { successor: to, proof: 'expired' });
    return this.#ports.leases.release({ seen: lease, next, match: 'exact' }, limit);
  }

  /** Until the new region holds the lease under a higher epoch and its own fence stands there. */
  async #open({ decision }: FailoverRecord): Promise<StepRun> {
    const { cell, to, seenEpoch } = decision;
    const place = { cell, region: to };
    this.#ports.ring(place);
    const startedMs = this.#clock.monotonicMs();
    for (;;) {
      const lease = await this.#readLease(cell);
      if (lease.state === 'held' && lease.holder === to && lease.epoch > seenEpoch) {
        const fence = await this.#ports.stores.fence(place, { withinMs: ARBITER_MS_MAX }).catch(unanswered);
        if (fence?.epoch === lease.epoch && fence.active === to) {
          return {
            outcome: { step: 'open', result: 'opened' },
            found: { newEpoch: lease.epoch },
            note: `epoch ${lease.epoch}`,
          };
        }
      }
      if (this.#clock.monotonicMs() - startedMs > Math.min(OPEN_TTLS_MAX * lease.ttlMs, OPEN_MS_MAX)) {
        return {
          outcome: { step: 'open', result: 'not-opened' },
          note: `${to} did not take the lease; ${lease.holder} may take it back`,
        };
      }
      await this.#clock.sleep(OPEN_POLL_MS);
    }
  }

  async #readLease(cell: FailoverRecord['decision']['cell']) {
    const lease = await this.#ports.leases.read(cell, { withinMs: ARBITER_MS_MAX });
    if (lease) return lease;
    throw new PlatformError({
      code: 'FAILOVER_FAILED',
      kind: 'dependency',
      effect: 'none',
      message: `Cell ${cell} has no lease in the arbiter any more. Was the arbiter replaced?`,
    });
  }
}

const PINNED_NOTE =
  "the lease is pinned, so no wait is a proof; the cell moves once its old region's store can be fenced (it did not answer)";

/** No answer in time is itself the finding; the caller's branch for it is the protocol's next step. */
const unanswered = () => null;
