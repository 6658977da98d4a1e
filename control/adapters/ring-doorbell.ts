/** Tells a cell's host to look at its lease now. Best effort: the host looks by itself before long. */

/** Nobody waits for the answer; this only keeps a hung connection from holding the process. */
const RING_MS_MAX = 500;

export function ringDoorbell({ url, secret }: { readonly url: string; readonly secret: string }): void {
  fetch(`${url}/_holdfast/doorbell`, {
    method: 'POST',
    headers: { authorization: `Holdfast-Internal ${secret}` },
    signal: AbortSignal.timeout(RING_MS_MAX),
  })
    .then((response) => response.arrayBuffer())
    .catch(() => undefined); // A host that is gone can't be rung.
}
