/** Errors as dependencies throw them, for the tests of this folder. */
import { type Effect, type ErrorCode, PlatformError } from '../../core/errors.ts';

export function dependencyError(code: ErrorCode = 'STORE_UNAVAILABLE', effect: Effect = 'none'): PlatformError {
  return new PlatformError({ code, kind: 'dependency', effect, message: `${code} (${effect})` });
}
