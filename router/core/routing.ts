/**
 * What becomes of one request on its way to a cell: where it begins, what an answer or a failure of one attempt means, and
 * whether there is a second. The rules of every host in one place; it does no I/O and keeps no time. Invariant: nothing is
 * sent twice unless `retryRegion` says so, and what a cell says of its owner is learned before anything is decided on it.
 */
import type { CellMap } from '../../core/cell-map.ts';
import { isPlatformError, type PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName, TenantId } from '../../core/ids.ts';
import { type CellSpecs, decide, type Forward, firstRegion, type LinkSight, nearestRegion } from './decide.ts';
import { type Hint, readHint } from './hints.ts';
import type { CellMotion, Refused, Wait } from './motion.ts';
import { type Failure, failureError, knownGoneError, retryRegion } from './retry.ts';

/** What all requests of a router share. */
export interface RoutingPorts {
  /** Where this router stands. */
  readonly region: RegionName;
  readonly cells: CellSpecs;
  readonly holder: {
    readonly map: CellMap | null;
    /** Whether there was anything new in it. */
    learn(told: { cell: CellId; hint: Hint }): boolean;
  };
  /** Is the cell's region worth asking first? A breaker's answer: asking may make this request its probe. */
  readonly admits: (cell: CellId, region: RegionName) => boolean;
  /** Avoided because its connections break, and not because it is slow. */
  readonly isBroken: (cell: CellId, region: RegionName) => boolean;
  readonly motion: (cell: CellId) => CellMotion;
}

/** The part of a cell's answer that is for routers. */
export interface SaidOfOwner {
  readonly owner: string | undefined;
  readonly epoch: string | undefined;
  /** It refused because the cell is being moved away from there; what it says of the owner is of the past. */
  readonly moving: boolean;
}

export interface AttemptSeen {
  readonly region: RegionName;
  /** No body, or one that is kept whole. */
  readonly replayable: boolean;
}

export const MISDIRECTED = 421;

export class Routing {
  #forward: Forward;
  readonly #ports: RoutingPorts;
  readonly #tenant: TenantId;
  readonly #method: string;
  #attempts = 0;
  #brokeOff = false;

  constructor(
    ports: RoutingPorts,
    request: { readonly tenant: TenantId; readonly forward: Forward; readonly method: string },
  ) {
    this.#ports = ports;
    this.#forward = request.forward;
    this.#method = request.method;
    this.#tenant = request.tenant;
  }

  get forward(): Forward {
    return this.#forward;
  }

  /** Since it was begun or begun again. */
  get attempts(): number {
    return this.#attempts;
  }

  /**
   * Where to begin, or what the caller is told because whatever was sent would get lost. `maxStalenessMs`: the caller takes an
   * answer from a copy; `null`: it wants the active region's.
   */
  begin(maxStalenessMs: number | null): RegionName | PlatformError {
    const links: LinkSight = {
      admits: (region) => this.#admits(region),
      isBroken: (region) => this.#isBroken(region),
    };
    const isNear = maxStalenessMs !== null && this.#method === 'GET';
    const region = isNear
      ? nearestRegion(this.forward, { ...links, here: this.#ports.region })
      : firstRegion(this.forward, links);
    return region ?? knownGoneError(this.forward);
  }

  /**
   * Both regions have answered and refused, or the one that is named has: waits for the cell, and then for `again`. `null`: the
   * caller gets the refusal.
   */
  waitForCell(seen: AttemptSeen, refused: Refused): Wait | null {
    // A region whose connections fail is gone, and not on the move.
    if (!seen.replayable || this.#brokeOff) return null;
    return this.#ports.motion(this.forward.cell).wait(refused);
  }

  /** After a wait: begins where the map says now that the tenant is. All that was sent so far was refused, without effect. */
  again(maxStalenessMs: number | null): RegionName | PlatformError {
    const { holder, cells } = this.#ports;
    const forward = decide({ tenant: this.#tenant, map: holder.map, cells });
    if (!isPlatformError(forward)) this.#forward = forward;
    this.#attempts = 0;
    return this.begin(maxStalenessMs);
  }

  /** To be called with every attempt. */
  countAttempt(): void {
    this.#attempts += 1;
  }

  /** What a cell says of its owner, with any answer. `null`: nothing usable; else whether it was news. */
  learnFrom(said: SaidOfOwner): boolean | null {
    const { cells, holder } = this.#ports;
    const { cell } = this.forward;
    if (said.moving) return null;
    const hint = readHint({ cell, cells, owner: said.owner, epoch: said.epoch });
    return hint === null ? null : holder.learn({ cell, hint });
  }

  /** Any answer of the owner that is no refusal: wherever the cell went, it is there. */
  answeredByOwner(said: SaidOfOwner): void {
    this.#ports.motion(this.forward.cell).arrived();
    this.learnFrom(said);
  }

  /**
   * A 421, or a refusal by a region that the cell is moving away from: learns, and says to try once more where the owner is, or (it does not know) in the other region. `null`: the
   * caller gets the 421 as it came; an error: it gets that instead.
   */
  misdirected(said: SaidOfOwner, seen: AttemptSeen): RegionName | PlatformError | null {
    const news = this.learnFrom(said);
    if (news === null) {
      // Not the owner, and knows of none: the cell is on its way to the other region. Refused, so no effect.
      const other = this.#retry({ kind: 'never-sent' }, seen);
      return other !== null && this.#admits(other) ? other : null;
    }
    const owner = this.#ports.holder.map?.ownership.get(this.forward.cell)?.region ?? null;
    const region = this.#retry({ kind: 'not-here', owner }, seen);
    if (region === null || news || this.#admits(region)) return region;
    // Without news the owner is who we avoided by asking here first: better "unreachable, no effect" than "unknown".
    return failureError({ kind: 'never-sent' }, { method: this.#method, forward: this.forward });
  }

  /** No answer: where to try again, or what the caller is told. */
  failed(failure: Failure, seen: AttemptSeen): RegionName | PlatformError {
    this.#brokeOff = true;
    const region = this.#retry(failure, seen);
    // A connection that breaks there too would turn "no effect" into "unknown".
    if (region !== null && (this.#admits(region) || !this.#isBroken(region))) return region;
    return failureError(failure, { method: this.#method, forward: this.forward });
  }

  #retry(failure: Failure, seen: AttemptSeen): RegionName | null {
    return retryRegion(failure, {
      ...seen,
      forward: this.forward,
      attempts: this.#attempts,
      method: this.#method,
    });
  }

  #isBroken(region: RegionName): boolean {
    return this.#ports.isBroken(this.forward.cell, region);
  }

  #admits(region: RegionName): boolean {
    return this.#ports.admits(this.forward.cell, region);
  }
}
