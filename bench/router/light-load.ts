/**
 * Latency at light load: one connection to each target, one request at a time with a pause between, the targets in turn, so
 * that whatever disturbs the machine disturbs all alike. What a proxy adds is its median less that of the backend alone.
 */
import { systemClock } from '../../core/clock.ts';
import { percentile } from '../statistics.ts';
import { RawConnection, requestBytes } from './raw-connection.ts';

export interface Target {
  readonly name: string;
  readonly port: number;
}

export interface LightLoadOptions {
  readonly targets: readonly Target[];
  readonly path: string;
  readonly tokens: readonly string[];
  readonly requestsEach: number;
  readonly pauseMs: number;
}

/** The median of each target by name, ms. */
export async function lightLoad(options: LightLoadOptions): Promise<ReadonlyMap<string, number>> {
  const { targets, path, tokens, requestsEach, pauseMs } = options;
  const lanes = await Promise.all(
    targets.map(async ({ name, port }) => ({
      name,
      port,
      connection: await RawConnection.open(port),
      tookMs: [] as number[],
    })),
  );
  try {
    for (let n = 0; n < requestsEach; n++) {
      for (const { connection, port, tookMs } of lanes) {
        const request = requestBytes({ path, port, token: tokens[n % tokens.length] ?? '' });
        await systemClock.sleep(pauseMs);
        const startMs = systemClock.monotonicMs();
        await connection.send(request);
        tookMs.push(systemClock.monotonicMs() - startMs);
      }
    }
  } finally {
    for (const { connection } of lanes) connection.close();
  }
  return new Map(lanes.map(({ name, tookMs }) => [name, percentile(tookMs, 0.5)]));
}
