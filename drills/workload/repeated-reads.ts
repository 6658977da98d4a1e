/**
 * Reads one path of every cell through a router again and again, at a fixed pace, and keeps how each was answered. Beside the
 * history: what is read here has no model that a checker knows.
 */
import type { Clock } from '../../core/clock.ts';
import type { Tenant } from './entry.ts';
import type { HttpClient } from './http-client.ts';
import type { Outcome } from './outcome.ts';

export interface ReadAnswer {
  readonly cell: string;
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  readonly outcome: Outcome;
}

export interface RepeatedReadsOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly nowMs: () => number;
  /** One of each cell that is to be read. */
  readonly tenants: readonly Tenant[];
  /** Asked in turn by each cell's reader. */
  readonly routers: readonly string[];
  readonly path: string;
}

const EVERY_MS = 250;
/** Long: a busy machine is slow, which is not the same as away. */
const DEADLINE_MS = 2_000;

export class RepeatedReads {
  readonly answers: ReadAnswer[] = [];
  readonly #o: RepeatedReadsOptions;
  readonly #running: Promise<unknown>;
  #stopped = false;

  /** Begins at once. */
  constructor(options: RepeatedReadsOptions) {
    this.#o = options;
    this.#running = Promise.all(options.tenants.map((tenant) => this.#read(tenant)));
  }

  /** Resolves after the last answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Begun and ended in the window. */
  within(cell: string, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): readonly ReadAnswer[] {
    return this.answers.filter((one) => one.cell === cell && one.askedAtMs >= fromMs && one.answeredAtMs <= toMs);
  }

  async #read(tenant: Tenant): Promise<void> {
    const { clock, nowMs, routers } = this.#o;
    for (let turn = 0; !this.#stopped; turn++) {
      const askedAtMs = nowMs();
      const outcome = await readOnce(this.#o, { tenant, origin: routers[turn % routers.length] ?? '' });
      this.answers.push({ cell: tenant.cell, askedAtMs, answeredAtMs: nowMs(), outcome });
      await clock.sleep(EVERY_MS);
    }
  }
}

export function readOnce(
  { http, path }: Pick<RepeatedReadsOptions, 'http' | 'path'>,
  { tenant, origin }: { readonly tenant: Tenant; readonly origin: string },
): Promise<Outcome> {
  const headers = {
    accept: 'application/json',
    authorization: `Bearer ${tenant.token}`,
    'x-deadline-ms': String(DEADLINE_MS),
  };
  return http.send({ origin, method: 'GET', path, headers, body: null, deadlineMs: DEADLINE_MS });
}
