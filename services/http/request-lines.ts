/**
 * A line in the log for some of the requests of a service, drawn here and now by the document `sampling`. It carries cell,
 * region, release and the versions of all documents, so that a change can be told apart in a graph of them. Invariant: no
 * request waits for it or fails by it, and no more than `LINES_PER_SECOND_MAX` are written; the next line says how many were not.
 */
import type { MiddlewareHandler } from 'hono';
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { DOCUMENT_TYPES } from '../../core/documents/document-types.ts';
import { type Answered, samplingDocument, shareOf } from '../../core/documents/sampling-document.ts';
import { isPlatformError } from '../../core/errors.ts';
import { DEGRADED_HEADER } from '../../core/modes/degraded-header.ts';
import { TENANT_HEADER } from './call.ts';

/** Of one service in one process. A cell that fails every request says so in ten lines as well as in a thousand. */
export const LINES_PER_SECOND_MAX = 10;
const REQUEST_ID_HEADER = 'x-request-id';

export interface RequestLine extends Answered {
  /** As in the list of routes; `null`: there is no such route. */
  readonly operation: string | null;
  readonly tenant: string | null;
  readonly requestId: string | null;
  readonly status: number;
  /** Of the refusal or failure; `null`: it was answered. */
  readonly code: string | null;
}

export class RequestLines {
  readonly #runtime: CellRuntime;
  #second = 0;
  #written = 0;
  #leftOut = 0;

  constructor(runtime: CellRuntime) {
    this.#runtime = runtime;
  }

  ended(line: RequestLine): void {
    const { documents, rng } = this.#runtime;
    const { because, share } = shareOf(documents.current(samplingDocument).body, line);
    if (share < 1 && rng.next() >= share) return;
    if (!this.#mayWrite()) {
      this.#leftOut++;
      return;
    }
    this.#runtime.log(JSON.stringify(this.#told(line, because)));
    this.#leftOut = 0;
  }

  #mayWrite(): boolean {
    const second = Math.floor(this.#runtime.clock.monotonicMs() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#written = 0;
    }
    return this.#written++ < LINES_PER_SECOND_MAX;
  }

  #told({ durationMs, failed: _, ...line }: RequestLine, because: string) {
    const { identity, release, documents, clock } = this.#runtime;
    const versions = DOCUMENT_TYPES.map((type) => [type.name, documents.current(type).version]);
    return {
      at: new Date(clock.wallMs()).toISOString(),
      ...{ cell: identity.cell, region: identity.region, release },
      documents: Object.fromEntries(versions),
      because,
      ...line,
      durationMs: Math.round(durationMs * 10) / 10,
      ...(this.#leftOut === 0 ? {} : { leftOut: this.#leftOut }),
    };
  }
}

/** Around every route of an app. `operationOf`: what was set on the way, if the request came that far. */
export function requestLines(
  runtime: CellRuntime,
  operationOf: (context: Parameters<MiddlewareHandler>[0]) => string | null,
): MiddlewareHandler {
  const lines = new RequestLines(runtime);
  return async (context, next) => {
    const beganMs = runtime.clock.monotonicMs();
    await next();
    const { status, headers } = context.res;
    lines.ended({
      operation: operationOf(context),
      tenant: context.req.header(TENANT_HEADER) ?? null,
      requestId: context.req.header(REQUEST_ID_HEADER) ?? null,
      status,
      code: isPlatformError(context.error) ? context.error.code : null,
      failed: status >= 500,
      degraded: headers.has(DEGRADED_HEADER),
      durationMs: runtime.clock.monotonicMs() - beganMs,
    });
  };
}
