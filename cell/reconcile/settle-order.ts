/** What a person asks the owner of a cell to do with a quarantined commit, checked like any input, though only operators send it. */
import { invalid, isPlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { ReconciledCommit } from '../cell-store.ts';
import type { QuarantineDesk } from './quarantine-desk.ts';

/** What a person may wish; `automatic` is the loop's alone. */
export const WISHES = ['adopt', 'merge', 'discard'] as const;
export type PersonsWish = (typeof WISHES)[number];

export interface SettleRequest {
  readonly id: string;
  readonly wish: PersonsWish;
  readonly by: string;
  readonly reason: string;
}

const TEXT_LENGTH_MAX = 1_000;

/** Throws `INVALID_INPUT` with what is allowed. */
export function settleRequest(given: Readonly<Record<string, unknown>>): SettleRequest {
  const wish = WISHES.find((choice) => choice === given.wish);
  if (!wish) throw invalid(`wish is ${shown(given.wish)}. Allowed: ${WISHES.join(', ')}.`);
  return { wish, id: nonEmpty('id', given.id), by: nonEmpty('by', given.by), reason: nonEmpty('reason', given.reason) };
}

export function nonEmpty(name: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= TEXT_LENGTH_MAX) return value;
  throw invalid(`${name} is ${shown(value)}. Allowed: a text of 1–${TEXT_LENGTH_MAX} characters.`);
}

/** What the owner answers over Lambda's API, where a thrown error would lose its code. */
export type SettleAnswer =
  | { readonly settled: ReconciledCommit }
  | { readonly problem: { readonly code: string; readonly message: string; readonly effect: string } };

/** The order of an operator, if the event is one. */
export function settleOrderOf(event: unknown): Readonly<Record<string, unknown>> | null {
  const { holdfast, order } = (event ?? {}) as { readonly holdfast?: unknown; readonly order?: unknown };
  if (holdfast !== 'settle' || typeof order !== 'object' || order === null) return null;
  return order as Readonly<Record<string, unknown>>;
}

/** Carries it out under the lease of this process; a refusal is an answer, anything else is thrown. */
export async function answerSettle(
  desk: Pick<QuarantineDesk, 'settle'>,
  order: Readonly<Record<string, unknown>>,
): Promise<SettleAnswer> {
  try {
    const { id, ...wish } = settleRequest(order);
    return { settled: await desk.settle(id, wish) };
  } catch (thrown) {
    if (!isPlatformError(thrown)) throw thrown;
    const { code, message, effect } = thrown;
    return { problem: { code, message, effect } };
  }
}
