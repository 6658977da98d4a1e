/**
 * The headers that the router adds for a cell. The deadline stands at a known place, so that a retry can state what is
 * left without building the list again.
 */
import type { CellId, TenantId } from '../../core/ids.ts';

export interface Added {
  readonly tenant: TenantId;
  readonly cell: CellId;
  readonly requestId: string;
  /** The whole value of the internal `authorization` header; `null`: each attempt is signed by itself. */
  readonly credential: string | null;
  readonly remainingMs: number;
}

/** Extends `headers` in place: it was made for this one request. */
export function addForwardHeaders(headers: string[], added: Added): void {
  if (added.credential !== null) headers.push('authorization', added.credential);
  headers.push(
    'x-holdfast-tenant',
    added.tenant,
    'x-holdfast-cell',
    added.cell,
    'x-request-id',
    added.requestId,
    'x-deadline-ms',
    wholeMs(added.remainingMs),
  );
}

/** The deadline is the last entry. */
export function restateDeadline(headers: string[], remainingMs: number): void {
  headers[headers.length - 1] = wholeMs(remainingMs);
}

function wholeMs(remainingMs: number): string {
  return String(Math.max(1, Math.floor(remainingMs)));
}
