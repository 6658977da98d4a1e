/**
 * The one runtime of a process whose host starts it before it loads the services. Apart from what starts it, so that a
 * function on Lambda, which makes its own, carries nothing of that along.
 */
import { PlatformError } from '../core/errors.ts';
import type { CellRuntime } from './cell-runtime.ts';

let shared: CellRuntime | null = null;

export function setCellRuntime(runtime: CellRuntime): void {
  shared = runtime;
}

/** The runtime of this process. Throws `INTERNAL` before `startCellRuntime`. */
export function getCellRuntime(): CellRuntime {
  if (shared) return shared;
  throw new PlatformError({
    code: 'INTERNAL',
    kind: 'bug',
    effect: 'none',
    message: 'No cell runtime in this process. Call startCellRuntime(env) before a service is loaded.',
  });
}
