/**
 * Acts on verdicts: proposes, withdraws, moves, and goes on with what somebody began and left behind. A move first spends a part of the velocity limit, in the document and under
 * the version that was judged by; only then does the coordinator write its decision. Whatever fails is noted and not
 * repeated: the reservation stands, so the cell is a person's until the cooldown is over.
 */
import type { Clock } from '../../../core/clock.ts';
import { toPlatformError } from '../../../core/errors.ts';
import type { CellId, RegionName } from '../../../core/ids.ts';
import { type Lease, sameRecord } from '../../../core/lease.ts';
import type { LeaseWatch } from '../../../core/lease-watch.ts';
import type { Topology } from '../../../core/topology.ts';
import { FailoverCoordinator } from '../coordinator.ts';
import { decide } from '../decide.ts';
import { ARBITER_MS_MAX } from '../failover-limits.ts';
import type { FailoverPorts } from '../failover-ports.ts';
import type { Decision } from '../failover-record.ts';
import { type AutomationDocument, type ReservedMove, withMove } from './automation-document.ts';
import type { AutomationStore } from './automation-store.ts';
import type { Judged } from './judge-cells.ts';
import type { CellObservation, Observation } from './observation.ts';
import type { Verdict } from './verdict.ts';

/** A proposal that nobody renews lapses; one that still stands is renewed with fresh evidence several times before. */
export const PROPOSAL_MS = 60_000;
const PROPOSE_EVERY_MS = 10_000;
const FAILURES_KEPT_MAX = 20;
const LIMIT = { withinMs: ARBITER_MS_MAX };

export interface MoverOptions {
  readonly region: RegionName;
  readonly topology: Topology;
  readonly store: AutomationStore;
  readonly ports: FailoverPorts;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly watchOf: (cell: CellId) => LeaseWatch;
}

export class Mover {
  readonly #o: MoverOptions;
  readonly #moving = new Set<CellId>();
  readonly #proposedAtMs = new Map<CellId, number>();
  #failures: readonly string[] = [];

  constructor(options: MoverOptions) {
    this.#o = options;
  }

  get moving(): ReadonlySet<CellId> {
    return this.#moving;
  }

  /** Newest last, for the status. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  note(what: string): void {
    if (this.#failures.at(-1) !== what) this.#failures = [...this.#failures, what].slice(-FAILURES_KEPT_MAX);
  }

  async follow(judged: Judged, seen: Observation, document: AutomationDocument | null): Promise<void> {
    let present = document;
    for (const cell of seen.cells) {
      const verdict = judged.verdicts.get(cell.cell);
      if (verdict?.kind === 'move' && present !== null) {
        present = await this.#reserveAndMove(cell, present).catch((error: unknown) => {
          this.#noted(cell)(error);
          return null;
        });
      }
      if (verdict?.kind === 'resume') this.#resume(cell);
      if (verdict?.kind === 'propose') await this.#propose(cell, verdict).catch(this.#noted(cell));
      if (!judged.agreement.has(cell.cell)) await this.#withdraw(cell.cell).catch(this.#noted(cell));
    }
  }

  /** One cell's trouble must not keep another from being moved. */
  #noted({ cell }: CellObservation): (error: unknown) => void {
    return (error) => this.note(`${cell}: ${toPlatformError(error).message}`);
  }

  /** The document as it stands afterwards; `null`: somebody else wrote, so that the next look must judge anew. */
  async #reserveAndMove(cell: CellObservation, document: AutomationDocument): Promise<AutomationDocument | null> {
    const { region, clock, newId } = this.#o;
    const from = cell.holder;
    const lease = this.#o.watchOf(cell.cell).lease;
    if (from === null || lease === null) return document;
    const move = { id: newId(), cell: cell.cell, from, to: region, atMs: Math.round(clock.wallMs()) };
    const next = withMove(document, move);
    if (!(await this.#reserve(next, move))) return null;
    this.#moving.add(cell.cell);
    void this.#move({ cell, move, lease })
      .catch(this.#noted(cell))
      .finally(() => this.#moving.delete(cell.cell));
    return next;
  }

  /** One at a time: whoever fell with several moves in hand may have fallen by them. */
  #resume(cell: CellObservation): void {
    const lease = this.#o.watchOf(cell.cell).lease;
    if (lease === null || this.#moving.size > 0) return;
    this.#moving.add(cell.cell);
    void this.#goOn(cell, lease)
      .catch(this.#noted(cell))
      .finally(() => this.#moving.delete(cell.cell));
  }

  async #goOn({ cell }: CellObservation, lease: Lease): Promise<void> {
    if (!(await this.#isUnmoved(lease))) return this.note(`${cell}: not resumed, its lease was renewed or taken`);
    const record = await this.#coordinator(this.#o.newId).resume(cell);
    if (record.state !== 'done') this.note(`${cell}: failover ${record.id} was resumed and ended as ${record.state}`);
  }

  /** A write whose answer is lost may have been done: then it is there, and spent, and ours to use. */
  async #reserve(next: AutomationDocument, move: ReservedMove): Promise<boolean> {
    const { store } = this.#o;
    try {
      return await store.save(next, LIMIT);
    } catch {
      const found = await store.document(LIMIT);
      return found?.version === next.version && found.moves.some(({ id }) => id === move.id);
    }
  }

  async #move({ cell, move, lease }: { cell: CellObservation; move: ReservedMove; lease: Lease }): Promise<void> {
    const decision = await this.#decide(cell);
    if (!(await this.#isUnmoved(lease))) {
      return this.note(`${cell.cell}: not moved, its lease was renewed or taken at the last moment`);
    }
    const record = await this.#coordinator(() => move.id).run(decision);
    if (record.state !== 'done') this.note(`${cell.cell}: failover ${record.id} ended as ${record.state}`);
  }

  async #isUnmoved(lease: Lease): Promise<boolean> {
    const present = await this.#o.ports.leases.read(lease.cell, LIMIT);
    return present !== null && sameRecord(present, lease);
  }

  #coordinator(newId: () => string): FailoverCoordinator {
    const { ports, clock, watchOf } = this.#o;
    return new FailoverCoordinator({ ports, clock, watchOf, newId });
  }

  /** Gathers the evidence anew; throws `FAILOVER_REFUSED` when the lease has moved meanwhile to us or nobody. */
  #decide(cell: CellObservation): Promise<Decision> {
    const { region, ports, topology, clock } = this.#o;
    const reason = `clients: ${cell.client.because}; inside: ${cell.inside.because}`;
    const request = { cell: cell.cell, to: region, kind: 'failover' as const, reason };
    return decide({ ...request, decidedBy: `automation in ${region}` }, { ports, topology, clock });
  }

  async #propose(cell: CellObservation, verdict: Extract<Verdict, { kind: 'propose' }>): Promise<void> {
    const { clock, store, watchOf } = this.#o;
    const nowMs = clock.monotonicMs();
    const lease = watchOf(cell.cell).lease;
    if (lease === null || nowMs - (this.#proposedAtMs.get(cell.cell) ?? Number.NEGATIVE_INFINITY) < PROPOSE_EVERY_MS)
      return;
    const decision = await this.#decide(cell);
    const expiresAtMs = clock.wallMs() + PROPOSAL_MS;
    const proposal = { cell: cell.cell, decision, seenCounter: lease.counter, heldBecause: verdict.why, expiresAtMs };
    await store.propose(proposal, LIMIT);
    this.#proposedAtMs.set(cell.cell, nowMs);
  }

  async #withdraw(cell: CellId): Promise<void> {
    if (!this.#proposedAtMs.has(cell)) return;
    await this.#o.store.withdraw(cell, LIMIT);
    this.#proposedAtMs.delete(cell);
  }
}
