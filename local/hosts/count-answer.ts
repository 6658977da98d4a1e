/** Counts what a service answered, once the answer is out. The code of a problem is read from its body, and only of a 5xx. */
import { type AnswerCounts, answerKind } from '../../core/answer-counts.ts';
import { ERROR_CODES } from '../../core/errors.ts';
import type { HttpReply } from './function-url-event.ts';

/** `taken`: whether the caller was still there for it. */
export function countAnswer(counts: AnswerCounts, reply: HttpReply, { taken }: { readonly taken: boolean }): void {
  const code = reply.status < 500 ? null : codeOf(reply.body);
  counts.count(taken ? answerKind({ status: reply.status, code }) : 'unknown', code);
}

function codeOf(body: Buffer): string | null {
  try {
    const { code } = JSON.parse(body.toString('utf8')) as { readonly code?: unknown };
    return ERROR_CODES.find((known) => known === code) ?? null;
  } catch {
    // No problem document: a 5xx without a code.
    return null;
  }
}
