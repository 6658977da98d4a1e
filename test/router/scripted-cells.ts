/** What a cell does when it is asked: the scripts that the router's tests share. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type CellHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Streaming {
  readonly handle: CellHandler;
}

/** A cell that answers at once with its name. */
export function echo(region: string): CellHandler {
  return (_request, response) => {
    response.writeHead(200, {
      'x-cell': 'c01',
      'x-region': region,
      'x-cell-epoch': '1',
      'content-type': 'application/json',
    });
    response.end(JSON.stringify({ region }));
  };
}

/** A cell that is not active, and says who is. */
export function notActive(hint: { owner?: string; epoch?: number }): CellHandler {
  return (_request, response) => {
    const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'x-cell': 'c01' };
    if (hint.owner !== undefined) headers['x-holdfast-owner'] = hint.owner;
    if (hint.epoch !== undefined) headers['x-cell-epoch'] = String(hint.epoch);
    response.writeHead(421, headers);
    response.end(JSON.stringify({ status: 421, code: 'NOT_ACTIVE', effect: 'none' }));
  };
}

/** A cell whose store was fenced for another region, and that has not heard of it yet: nothing was done. */
export const moving: CellHandler = (_request, response) => {
  response.writeHead(503, { 'content-type': 'application/problem+json', 'x-cell': 'c01', 'x-holdfast-moving': '1' });
  response.end(JSON.stringify({ status: 503, code: 'FENCE_STALE_EPOCH', effect: 'none' }));
};

/** A cell that gets the request unread. */
export function streaming(handle: CellHandler): Streaming {
  return { handle };
}
