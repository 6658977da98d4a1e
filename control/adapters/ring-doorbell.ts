/** Tells a cell's host to look at its lease now. Best effort: the host looks by itself before long. */

import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../resilience/deadline.ts';

/** Nobody waits for the answer; this only keeps a hung connection from holding the process. */
const RING_MS_MAX = 500;

export function ringDoorbell(bell: { readonly url: string; readonly secret: string; readonly clock: Clock }): void {
  const headers = { authorization: `Holdfast-Internal ${bell.secret}` };
  new Deadline({ clock: bell.clock, ms: RING_MS_MAX })
    .run('The doorbell', async (signal) => {
      const response = await fetch(`${bell.url}/_holdfast/doorbell`, { method: 'POST', headers, signal });
      await response.arrayBuffer();
    })
    .catch(() => undefined); // A host that is gone can't be rung.
}
