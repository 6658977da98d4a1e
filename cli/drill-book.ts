/** The drills there are, how one is run on this machine, and where its reports lie. */
import type { Clock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { readDrillReport } from './drill-reports.ts';
import type { DrillBook } from './services.ts';

export interface DrillBookOptions {
  readonly cwd: string;
  readonly machine: { readonly clock: Clock; readonly rng: Rng };
}

export function openDrillBook({ cwd }: DrillBookOptions): DrillBook {
  return {
    drills: [],
    run: async () => {
      throw new PlatformError({
        code: 'NOT_FOUND',
        kind: 'caller',
        effect: 'none',
        message: 'There are no drills yet.',
      });
    },
    read: (dir) => readDrillReport({ cwd, dir }),
  };
}
