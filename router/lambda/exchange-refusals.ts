/** Refusals that only this host knows. */
import { PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { SERVICE_OF_SEGMENT } from '../../core/service-paths.ts';

/** Each service has an address of its own here, so that the router must know which one a path belongs to. */
export function noSuchPath(target: string): PlatformError {
  const known = Object.keys(SERVICE_OF_SEGMENT).map((segment) => `/${segment}…`);
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `No service has the path ${shown(target.split('?', 1)[0])}. Allowed: ${known.join(', ')}.`,
  });
}

export function throttledError(cell: string): PlatformError {
  return new PlatformError({
    code: 'OVERLOADED',
    kind: 'dependency',
    effect: 'none',
    message: `Lambda refused the call of cell ${cell}: its reserved concurrency is used up.`,
  });
}
