/**
 * The headers that the router adds for a cell. Cell and deadline stand at known places, so that a retry can state where
 * it goes and what is left without building the list again.
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

/** Of what was added, the deadline is the last entry and the cell the fifth from the end. */
export function restateForward(headers: string[], now: Pick<Added, 'cell' | 'remainingMs'>): void {
  headers[headers.length - 1] = wholeMs(now.remainingMs);
  headers[headers.length - 5] = now.cell;
}

function wholeMs(remainingMs: number): string {
  return String(Math.max(1, Math.floor(remainingMs)));
}
