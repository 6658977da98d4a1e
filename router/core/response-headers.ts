/**
 * The headers of a cell's answer as the caller gets them: end-to-end ones as they came, hop-by-hop and internal ones
 * dropped. On the same pass it picks what the router needs itself.
 */

import { SWITCHED_OFF_HEADER } from '../../core/modes/degraded-header.ts';

/** RFC 9110 §7.6.1, and the hints that are for routers only. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-holdfast-owner',
  'x-holdfast-moving',
  SWITCHED_OFF_HEADER,
  'x-map-version',
  'x-map-age-ms',
]);

export interface ResponseHead {
  /** Name, value, name, value … for the caller. */
  readonly headers: string[];
  readonly contentLength: number | null;
  readonly owner: string | undefined;
  /** Refused without effect, because the cell is being moved away from there. */
  readonly moving: boolean;
  readonly epoch: string | undefined;
  /** A mode refused it: the answer says neither that the region is well nor that it is ill. */
  readonly switchedOff: boolean;
}

/** `raw`: name, value, name, value … as the host has them, and `text` to read one. */
export function readResponseHead<Raw>(raw: readonly Raw[], text: (raw: Raw) => string): ResponseHead {
  const headers: string[] = [];
  let contentLength: number | null = null;
  let owner: string | undefined;
  let epoch: string | undefined;
  let moving = false;
  let switchedOff = false;
  for (let at = 0; at < raw.length; at += 2) {
    const name = text(raw[at] as Raw).toLowerCase();
    if (DROPPED.has(name)) {
      if (name === 'x-holdfast-owner') owner = text(raw[at + 1] as Raw);
      else if (name === 'x-holdfast-moving') moving = true;
      else if (name === SWITCHED_OFF_HEADER) switchedOff = true;
      continue;
    }
    const value = text(raw[at + 1] as Raw);
    if (name === 'content-length') contentLength = Number(value);
    else if (name === 'x-cell-epoch') epoch = value;
    headers.push(name, value);
  }
  return { headers, contentLength, owner, moving, epoch, switchedOff };
}
