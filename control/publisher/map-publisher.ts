/**
 * Publishes the cell map of one region's routers: reads placement and leases from the arbiter at constant work, and holds
 * the newest answer in memory. Nothing that it says late can do harm: consumers take the higher epoch and version.
 */
import { buildPlacement, decodePlacement, type EncodedPlacement, encodePlacement } from '../../core/cell-map.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId, Epoch, RegionName } from '../../core/ids.ts';
import type { Lease } from '../../core/lease.ts';
import type { Rng } from '../../core/rng.ts';
import type { Topology } from '../../core/topology.ts';

/**
 * How soon a router learns of a failover when no cell could tell it, together with its own poll. Routers learn faster from
 * hints and answers; at 50 ms the two publishers of one machine cost an eighth of a core while nothing happens.
 */
const REFRESH_EVERY_MS = 200;
/** The placement changes rarely; it is read once in this many refreshes: less than a second apart. */
const PLACEMENT_EVERY = 4;
const CALL_MS_MAX = 1_000;
/** After a failure the arbiter is left alone for a little longer each time. */
const FAILURE_PAUSE_MS_MAX = 1_000;

export interface PublishedOwner {
  readonly cell: CellId;
  readonly region: RegionName;
  readonly epoch: Epoch;
}

export interface PublishedMap {
  readonly placement: EncodedPlacement;
  readonly ownership: readonly PublishedOwner[];
}

/** The publisher's view of the arbiter. */
export interface MapSource {
  leases(cells: readonly CellId[], withinMs: number): Promise<readonly Lease[]>;
  /** The placement document, or `null` when none was ever published. */
  placement(withinMs: number): Promise<unknown>;
  /** Puts the first placement, unless somebody else was first. */
  publishFirst(placement: EncodedPlacement, withinMs: number): Promise<void>;
}

export class MapPublisher {
  readonly #source: MapSource;
  readonly #topology: Topology;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #onLeases: ((leases: readonly Lease[]) => void) | undefined;
  #placement: EncodedPlacement | null = null;
  #published: { readonly map: PublishedMap; readonly body: string; readonly etag: string } | null = null;
  #refreshes = 0;
  #failures = 0;

  /** `onLeases`: whoever watches leases gets every read of them, so that they are read once. */
  constructor(options: {
    source: MapSource;
    topology: Topology;
    clock: Clock;
    rng: Rng;
    onLeases?: (leases: readonly Lease[]) => void;
  }) {
    this.#source = options.source;
    this.#topology = options.topology;
    this.#clock = options.clock;
    this.#rng = options.rng;
    this.#onLeases = options.onLeases;
  }

  /** The newest map as it goes over the wire, or `null` before the first. */
  get published() {
    return this.#published;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh().then(
        () => {
          this.#failures = 0;
        },
        // The arbiter does not answer: what was published stands, the routers go on with it.
        () => {
          this.#failures++;
        },
      );
      const pauseMs = Math.min(REFRESH_EVERY_MS * 2 ** Math.min(this.#failures, 10), FAILURE_PAUSE_MS_MAX);
      await this.#clock.sleep(pauseMs * (0.8 + 0.2 * this.#rng.next()), signal).catch(() => undefined);
    }
  }

  async refresh(): Promise<void> {
    if (this.#placement === null || this.#refreshes % PLACEMENT_EVERY === 0) await this.#readPlacement();
    this.#refreshes++;
    const leases = await this.#source.leases(
      this.#topology.cells.map((spec) => spec.id),
      CALL_MS_MAX,
    );
    this.#onLeases?.(leases);
    if (this.#placement === null) return;
    const ownership = leases.filter((lease) => lease.state === 'held').map(toOwner);
    const map: PublishedMap = { placement: this.#placement, ownership };
    const body = JSON.stringify(map);
    if (body === this.#published?.body) return;
    const epochs = ownership.map((owner) => `${owner.cell}.${owner.epoch}`).join('-');
    this.#published = { map, body, etag: `"p${this.#placement.version}-${epochs}"` };
  }

  async #readPlacement(): Promise<void> {
    const found = await this.#source.placement(CALL_MS_MAX);
    if (found !== null) {
      // Validated on the way out as well as by each consumer: a broken document is not worth publishing.
      const placement = decodePlacement(found);
      if (placement.version > (this.#placement?.version ?? 0)) this.#placement = encodePlacement(placement);
      return;
    }
    await this.#source.publishFirst(encodePlacement(buildPlacement(this.#topology.cells)), CALL_MS_MAX);
  }
}

function toOwner(lease: Lease): PublishedOwner {
  return { cell: lease.cell, region: lease.holder, epoch: lease.epoch };
}
