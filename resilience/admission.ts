/**
 * Early refusal at the door of a process: how many requests it works on at once, and how many a second it takes of one tenant.
 * What is refused costs next to nothing and is told when to come again. Invariant: the memory of it is bounded, and when in
 * doubt (a tenant that was forgotten, a limit that was just raised) it lets in.
 */
import type { Clock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';

export interface AdmissionLimits {
  readonly concurrentRequestsMax: number;
  /** With a burst of as many. */
  readonly tenantRequestsPerSecondMax: number;
}

/** What is left for a tenant when it was last looked at. */
interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A bucket takes some hundred bytes; tenants beyond it are forgotten, who was there first first, and begin anew. */
const TENANTS_MAX = 10_000;

export class Admission {
  readonly #clock: Clock;
  readonly #limits: () => AdmissionLimits;
  readonly #buckets = new Map<string, Bucket>();
  #underWay = 0;
  #refused = 0;

  /** `limits` is asked for every request: it must be in memory. */
  constructor(options: { readonly clock: Clock; readonly limits: () => AdmissionLimits }) {
    this.#clock = options.clock;
    this.#limits = options.limits;
  }

  get status(): { readonly underWay: number; readonly refused: number } {
    return { underWay: this.#underWay, refused: this.#refused };
  }

  /**
   * Runs `work` if there is room. Throws `OVERLOADED` (effect none) before it begins; `details.retryAfterMs` says when it is
   * worth to come again.
   */
  async run<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    const { concurrentRequestsMax, tenantRequestsPerSecondMax } = this.#limits();
    if (this.#underWay >= concurrentRequestsMax) {
      throw this.#refusal(
        `The cell works on ${this.#underWay} requests at once; its limit is ${concurrentRequestsMax}.`,
        1_000,
      );
    }
    this.#spend(tenant, tenantRequestsPerSecondMax);
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
    }
  }

  #spend(tenant: string, perSecondMax: number): void {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#buckets.get(tenant);
    const grown = before === undefined ? perSecondMax : before.tokens + ((nowMs - before.atMs) / 1_000) * perSecondMax;
    const tokens = Math.min(grown, perSecondMax);
    if (tokens < 1) {
      const waitMs = ((1 - tokens) / perSecondMax) * 1_000;
      throw this.#refusal(`The tenant has spent its ${perSecondMax} requests a second in this cell.`, waitMs);
    }
    // Put anew, so that who came lately is forgotten last.
    this.#buckets.delete(tenant);
    this.#buckets.set(tenant, { tokens: tokens - 1, atMs: nowMs });
    if (this.#buckets.size > TENANTS_MAX) this.#forgetOne();
  }

  #forgetOne(): void {
    const oldest = this.#buckets.keys().next();
    if (!oldest.done) this.#buckets.delete(oldest.value);
  }

  #refusal(message: string, retryAfterMs: number): PlatformError {
    this.#refused++;
    return new PlatformError({
      code: 'OVERLOADED',
      kind: 'dependency',
      effect: 'none',
      message: `${message} Nothing was done; try again in ${Math.ceil(retryAfterMs)} ms.`,
      details: { retryAfterMs },
    });
  }
}
