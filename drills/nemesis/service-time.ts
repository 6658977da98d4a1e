/**
 * How long a process takes to answer anything at all, sampled on a fixed grid whether or not the last answer is there: a
 * process that runs for a share of the time keeps those waiting that come while it does not. Mean of all samples, ms.
 */
import type { Clock } from '../../core/clock.ts';
import type { HttpClient } from '../workload/http-client.ts';

const SAMPLES = 40;
/** Over several periods of any throttle, and no divisor of one. */
const SAMPLE_EVERY_MS = 11;
/** A sample that takes longer counts as this long. */
const SAMPLE_MS_MAX = 1_000;

export async function meanServiceMs(of: {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly url: string;
}): Promise<number> {
  const took: Promise<number>[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    took.push(oneAnswerMs(of));
    await of.clock.sleep(SAMPLE_EVERY_MS);
  }
  const all = await Promise.all(took);
  return all.reduce((sum, ms) => sum + ms, 0) / all.length;
}

async function oneAnswerMs({ http, clock, url }: { http: HttpClient; clock: Clock; url: string }): Promise<number> {
  const beganMs = clock.monotonicMs();
  await http.send({ origin: url, method: 'GET', path: '/', headers: {}, body: null, deadlineMs: SAMPLE_MS_MAX });
  return clock.monotonicMs() - beganMs;
}
