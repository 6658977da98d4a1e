/** A page of JSON that somebody serves for operators: in time and whole, or not at all. */
import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { Limit } from '../failover/failover-ports.ts';

/** The status page of a router of a thousand cells is below this. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

export interface Asking {
  readonly limit: Limit;
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** `null`: no answer in time, or not a good one. Never rejects. */
export async function readJson(url: string, { limit, headers, clock }: Asking): Promise<unknown> {
  try {
    return await new Deadline({ clock, ms: limit.withinMs }).run(url, async (signal) => {
      const response = await fetch(url, { headers, signal });
      const text = await response.text();
      return response.ok && text.length <= PAGE_BYTES_MAX ? JSON.parse(text) : null;
    });
  } catch {
    // That it did not answer is what was to be found out.
    return null;
  }
}
