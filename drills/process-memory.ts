/** The memory of one process over time, from /proc (Linux). A restart under a new pid ends what can be compared. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';

const SAMPLE_EVERY_MS = 250;

export interface MemoryOverTime {
  /** Resident set, MB, oldest first: `t` as `nowMs` said. */
  readonly samples: readonly { readonly t: number; readonly rssMb: number }[];
  stop(): Promise<void>;
}

/** Begins at once. On a system without /proc there are no samples. */
export function watchMemory(options: { pid: number; clock: Clock; nowMs: () => number }): MemoryOverTime {
  const { pid, clock, nowMs } = options;
  const samples: { t: number; rssMb: number }[] = [];
  let stopped = false;
  const loop = async () => {
    while (!stopped) {
      const rssMb = await residentMb(pid);
      if (rssMb !== null) samples.push({ t: nowMs(), rssMb });
      await clock.sleep(SAMPLE_EVERY_MS);
    }
  };
  const running = loop();
  return {
    samples,
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

/** `null`: the process is gone, or this is not Linux. */
async function residentMb(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN);
  return Number.isFinite(kb) ? Math.round(kb / 102.4) / 10 : null;
}
