/**
 * A cell's process without loops, for a host that lets it run only while it is asked something (a function on Lambda). Each
 * invocation does what is due and bounded: look at the lease when it is not held or nears its end, ask a silent peer for a
 * sign of life, refresh the placement; and it leaves nothing behind that has to go on afterwards.
 *
 *   lease not held ──▶ look, wait for it a little ──▶ work ──▶ delete what arrived at the peer ──▶ answer
 *   lease held     ──▶ work, and beside it renew when it is due ─────────────┴─ wait for it a little
 *
 * Whatever is frozen on its way counts, when the process wakes, from before it was sent; so a process that slept through
 * the end of its lease knows by its clock (`freeze-aware-clock.ts`) that it holds none.
 */
import type { Clock } from '../core/clock.ts';
import { holderValidityMs, unwitnessedMsMax } from '../core/lease.ts';
import { fullJitterMs } from '../core/rng.ts';
import { PROBE } from './store/table-layout.ts';
import { type CellParts, type WiredCell, wireCell } from './wire-cell.ts';

/** Of the lease's validity. Between the two, so that processes that began together do not renew together. */
const RENEW_AT_RATIO = { from: 0.4, to: 0.6 } as const;
/** A region that does not hold the lease asks the arbiter this often at most, in each process. */
const STANDBY_LOOK_EVERY_MS = 1_000;
const LOOK_BACKOFF = { baseMs: 1_000, capMs: 10_000 };
/** A request waits this long for a lease that this process does not hold yet; then it is told that it does not. */
const LEASE_WAIT_MS_MAX = 1_500;
/** An answer waits this long for what was begun beside it; then that is frozen with the process, and goes on or fails later. */
const AFTER_MS_MAX = 300;
/** The arbiter is shared by all cells, and the placement changes rarely. */
const PLACEMENT_EVERY_MS = 60_000;
/** As the placement. A switch takes as long to reach a process that serves. */
const DOCUMENTS_EVERY_MS = 60_000;
/** Neither all at one instant, nor each always at its own. */
const EVERY_RATIO = { from: 0.8, to: 1.2 } as const;
/** After this long every process that serves has looked at the shelves. */
export const DOCUMENTS_SPREAD_MS = DOCUMENTS_EVERY_MS * EVERY_RATIO.to;
const PEER_ASKED_EVERY_MS = 250;
const PEER_CALL_MS_MAX = 500;

/** The arbiter is gone, or says what can't be used. A rejection that nobody waits for would end the process. */
const keepWhatIsThere = () => undefined;

export class OnDemandCell {
  readonly cell: WiredCell;
  readonly #clock: Clock;
  readonly #renewAfterMs: number;
  readonly #followsDocuments: boolean;
  #look: Promise<void> | null = null;
  #lookAgainAtMs = Number.NEGATIVE_INFINITY;
  #lookFailures = 0;
  /** Something says that what this process believes of the lease is over. */
  #forced = false;
  #placementDueAtMs = Number.NEGATIVE_INFINITY;
  #documentsDueAtMs = Number.NEGATIVE_INFINITY;
  #peerDueAtMs = Number.NEGATIVE_INFINITY;
  #asked = 0;

  constructor(parts: CellParts, { hearsPeer = false }: { readonly hearsPeer?: boolean } = {}) {
    const { config, clock, rng } = parts;
    this.cell = wireCell({
      ...parts,
      hearsPeer,
      amongOthers: true,
      unwitnessedMsMax: unwitnessedMsMax(config.leaseTtlMs),
      onFenced: () => this.lookAgain(),
    });
    this.#clock = clock;
    this.#followsDocuments = parts.documents !== undefined;
    const validityMs = holderValidityMs(config.leaseTtlMs);
    const ratio = RENEW_AT_RATIO.from + (RENEW_AT_RATIO.to - RENEW_AT_RATIO.from) * rng.next();
    // A pinned lease is not renewed for its validity, but to hear that it is gone.
    this.#renewAfterMs = Number.isFinite(validityMs) ? validityMs * ratio : config.renewEveryMs;
  }

  /** The next invocation looks at the lease, whatever this process believes. */
  lookAgain(): void {
    this.#lookAgainAtMs = this.#clock.monotonicMs();
    this.#forced = true;
  }

  /** Runs one invocation. Never fails or waits long for anything but the work itself. */
  async serve<T>(work: () => Promise<T>): Promise<T> {
    const { keeper, replicator } = this.cell;
    const isNew = this.#documentsDueAtMs === Number.NEGATIVE_INFINITY;
    const beside = [this.lookIfDue(), this.#documentsIfDue(), this.#placementIfDue(), this.#askPeerIfSilent()];
    // A process that has just begun has no lease: while it waits for that, its first documents come, too.
    const awaited = Promise.all(beside.slice(0, isNew ? 2 : 1));
    if (!keeper.standing().held) await this.#within(LEASE_WAIT_MS_MAX, awaited);
    try {
      return await work();
    } finally {
      beside.push(replicator.leaveToSweep());
      await this.#within(AFTER_MS_MAX, Promise.allSettled(beside));
    }
  }

  /** One look at the lease at a time; resolves also when nothing is due, or nobody answers. */
  lookIfDue(): Promise<void> {
    if (this.#look === null && this.#isLookDue()) this.#look = this.#lookNow();
    return this.#look ?? Promise.resolve();
  }

  #isLookDue(): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#lookAgainAtMs) return false;
    const renewedAtMs = this.cell.keeper.renewedAtMs;
    return this.#forced || renewedAtMs === null || nowMs - renewedAtMs >= this.#renewAfterMs;
  }

  async #lookNow(): Promise<void> {
    const { keeper, rng } = this.cell;
    this.#forced = false;
    try {
      await keeper.step();
      this.#lookFailures = 0;
      this.#rest(STANDBY_LOOK_EVERY_MS * (0.8 + 0.4 * rng.next()));
    } catch {
      // Nobody answered: the lease runs out by the clock if that goes on, and requests must not wait for it each time.
      this.#lookFailures++;
      this.#rest(LOOK_BACKOFF.baseMs / 2 + fullJitterMs(rng, { ...LOOK_BACKOFF, attempt: this.#lookFailures }));
    } finally {
      this.#look = null;
    }
  }

  #rest(ms: number): void {
    if (!this.#forced) this.#lookAgainAtMs = this.#clock.monotonicMs() + ms;
  }

  async #placementIfDue(): Promise<void> {
    if (this.#clock.monotonicMs() >= this.#placementDueAtMs) await this.refreshPlacement();
  }

  /** Looks at the placement now. Never rejects: what is there stays. */
  async refreshPlacement(): Promise<void> {
    this.#placementDueAtMs = this.#clock.monotonicMs() + this.#about(PLACEMENT_EVERY_MS);
    await this.cell.placement.refresh().catch(keepWhatIsThere);
  }

  async #documentsIfDue(): Promise<void> {
    if (this.#followsDocuments && this.#clock.monotonicMs() >= this.#documentsDueAtMs) await this.refreshDocuments();
  }

  /** Looks at the shelves now. Never rejects: what is there stays. */
  async refreshDocuments(): Promise<void> {
    const { documentReader } = this.cell;
    const isFirst = this.#documentsDueAtMs === Number.NEGATIVE_INFINITY;
    this.#documentsDueAtMs = this.#clock.monotonicMs() + this.#about(DOCUMENTS_EVERY_MS);
    if (isFirst) await documentReader.load();
    await documentReader.refresh().catch(keepWhatIsThere);
  }

  #about(ms: number): number {
    return ms * (EVERY_RATIO.from + (EVERY_RATIO.to - EVERY_RATIO.from) * this.cell.rng.next());
  }

  /** While the peer is in doubt no write is sent there that could show that it is back, so something has to be. */
  async #askPeerIfSilent(): Promise<void> {
    const { health, config, tables } = this.cell;
    const sentAtMs = this.#clock.monotonicMs();
    if (health.state === 'ok' || sentAtMs < this.#peerDueAtMs) return;
    this.#peerDueAtMs = sentAtMs + PEER_ASKED_EVERY_MS;
    const item = { pk: PROBE, sk: `peer ${config.region}`, count: ++this.#asked };
    try {
      await tables.peer.write({ kind: 'put', item }, { deadlineAtMs: sentAtMs + PEER_CALL_MS_MAX });
    } catch {
      // Whatever it was, the peer's store took no write in time.
      health.failed(sentAtMs);
    }
  }

  async #within(ms: number, work: Promise<unknown> | undefined): Promise<void> {
    const over = new AbortController();
    const wait = this.#clock.sleep(ms, over.signal).catch(() => undefined);
    await Promise.race([work?.catch(() => undefined), wait]);
    over.abort();
  }
}
