/** What a script reads off a command: four codes, the same for every command. */
import { type ErrorCode, isPlatformError } from '../core/errors.ts';

export const EXIT = { done: 0, refused: 1, usage: 2, unknown: 3 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Codes that say: what was typed cannot be right. Anything else is the platform's answer to what was typed. */
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['INVALID_INPUT', 'INVALID_TOPOLOGY', 'NOT_FOUND']);

export function exitCodeOf(thrown: unknown): ExitCode {
  if (!isPlatformError(thrown)) return EXIT.refused;
  return thrown.kind === 'caller' && USAGE_CODES.has(thrown.code) ? EXIT.usage : EXIT.refused;
}
