/**
 * Tells the cell's own answers from those that Lambda gives in its place. Every answer of a service names its cell; without
 * the name, a failure is Lambda's: refused before the function ran (no effect), or the function ended without an answer
 * (effect unknown). None of their bodies goes to a caller: they speak of AWS, not of the platform.
 */
import { type ResponseHead, readResponseHead } from '../core/response-headers.ts';
import type { HttpOutcome } from './https-caller.ts';

export type CellAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly head: ResponseHead; readonly body: Buffer }
  /** Its reserved concurrency is used up: no effect. */
  | { readonly kind: 'throttled' }
  /** More than a function takes: no effect. */
  | { readonly kind: 'too-large' }
  /** `never-sent` also when the address is out of date or a permission is missing: no effect either. */
  | Exclude<HttpOutcome, { readonly kind: 'answered' }>;

const FORBIDDEN = 403;
const GONE = 404;
const TOO_LARGE = 413;
const THROTTLED = 429;
const SERVER_ERRORS = 500;

export function judgeAnswer(outcome: HttpOutcome): CellAnswer {
  if (outcome.kind !== 'answered') return outcome;
  const head = readResponseHead(outcome.rawHeaders, asItIs);
  const { status, body } = outcome;
  if (isOfTheCell(head)) return { kind: 'answered', status, head, body };
  if (status === THROTTLED) return { kind: 'throttled' };
  if (status === TOO_LARGE) return { kind: 'too-large' };
  if (status === FORBIDDEN || status === GONE) return { kind: 'never-sent' };
  if (status >= SERVER_ERRORS) return { kind: 'lost' };
  return { kind: 'answered', status, head, body };
}

function isOfTheCell({ headers }: ResponseHead): boolean {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === 'x-cell') return true;
  return false;
}

const asItIs = (text: string) => text;
