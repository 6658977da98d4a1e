/**
 * The coordinator in the hands of somebody in one region: decides, runs, resumes, over that region's own links; and may
 * watch leases beforehand, as a control process does all the time, so that a failover need not begin to wait when it is asked for.
 */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { FailoverCoordinator } from '../control/failover/coordinator.ts';
import { decide } from '../control/failover/decide.ts';
import { ARBITER_MS_MAX, EVIDENCE_MS_MAX } from '../control/failover/failover-limits.ts';
import type { Limit } from '../control/failover/failover-ports.ts';
import type { Decision, FailoverRecord } from '../control/failover/failover-record.ts';
import type { CellId } from '../core/ids.ts';
import { LeaseWatch } from '../core/lease-watch.ts';
import { type OperatorPlace, type OperatorPorts, openOperatorPorts } from './operator-ports.ts';
import type { FailoverRequest } from './services.ts';

/** Often enough to save nearly the whole wait, seldom enough to be no load. */
const WATCH_EVERY_MS = 100;

export type OnProgress = (record: FailoverRecord) => void;

export class Operator {
  readonly #place: OperatorPlace;
  readonly #opened: OperatorPorts;
  readonly #watches = new Map<CellId, LeaseWatch>();

  constructor(place: OperatorPlace) {
    this.#place = place;
    this.#opened = openOperatorPorts(place);
  }

  /** Reads only. */
  decide(request: FailoverRequest): Promise<Decision> {
    const { reach, region, clock } = this.#place;
    const decidedBy = `${userInfo().username} from ${region}`;
    return decide({ ...request, decidedBy }, { ports: this.#opened.ports, topology: reach.topology, clock });
  }

  run(decision: Decision, onProgress: OnProgress): Promise<FailoverRecord> {
    return this.#coordinator(onProgress).run(decision);
  }

  resume(cell: CellId, onProgress: OnProgress): Promise<FailoverRecord> {
    return this.#coordinator(onProgress).resume(cell);
  }

  /** Watches until the returned function is called; it resolves when the last look has ended. */
  watch(cells: readonly CellId[]): () => Promise<void> {
    const stopping = new AbortController();
    const loops = cells.map((cell) => this.#watchLoop(cell, stopping.signal));
    return async () => {
      stopping.abort();
      await Promise.all(loops);
    };
  }

  /** Opens the connections that moving this cell needs. Who does not answer is found out later. */
  async warm(cell: CellId, limit: Limit): Promise<void> {
    await Promise.allSettled([this.#opened.ports.leases.read(cell, limit), this.#lookAtStores(cell, limit)]);
  }

  /** Lets go of connections. */
  close(): void {
    this.#opened.close();
  }

  #coordinator(onProgress: OnProgress): FailoverCoordinator {
    return new FailoverCoordinator({
      ports: this.#opened.ports,
      clock: this.#place.clock,
      watchOf: (cell) => this.#watchOf(cell),
      newId: () => randomUUID().slice(0, 8),
      onProgress,
    });
  }

  #watchOf(cell: CellId): LeaseWatch {
    const watch = this.#watches.get(cell) ?? new LeaseWatch(this.#place.clock);
    this.#watches.set(cell, watch);
    return watch;
  }

  /** As whoever watches would know the lag; and the connections and the code that a failover needs are warm. */
  async #lookAtStores(cell: CellId, limit: Limit): Promise<void> {
    const { stores } = this.#opened.ports;
    const spec = this.#place.reach.topology.cells.find((each) => each.id === cell);
    const regions = spec ? [spec.home, spec.standby] : [];
    const looks = regions.map((region) => stores.pending({ cell, region }, limit));
    await Promise.allSettled(looks);
  }

  async #watchLoop(cell: CellId, signal: AbortSignal): Promise<void> {
    const watch = this.#watchOf(cell);
    while (!signal.aborted) {
      // A gap in the looks is no gap in the watch: a renewal moves the counter, so a record that is the same later on
      // has not moved meanwhile.
      const lease = await this.#opened.ports.leases.read(cell, { withinMs: ARBITER_MS_MAX }).catch(() => null);
      if (lease) watch.observe(lease);
      await this.#lookAtStores(cell, { withinMs: EVIDENCE_MS_MAX });
      await this.#place.clock.sleep(WATCH_EVERY_MS, signal).catch(() => undefined); // Aborted: the loop ends.
    }
  }
}
