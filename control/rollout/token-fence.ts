/**
 * A fence for effects that can't look at a token themselves, as an update of a stack: whoever is about to cause one raises the fence of
 * the place to its own token first, and stays out when it stands higher. What was admitted before may still be on its way; it is one
 * operation on one stack, which refuses a second one beside it.
 */
import { PlatformError } from '../../core/errors.ts';
import type { Limit } from './rollout-records.ts';

export interface TokenFence {
  /** `false`: a higher token was here. Throws when the arbiter does not answer. */
  raise(place: string, token: number, limit: Limit): Promise<boolean>;
}

/** Throws `ROLLOUT_IN_PROGRESS`, effect `none`. */
export async function admitted(fence: TokenFence, of: { place: string; token: number }, limit: Limit): Promise<void> {
  if (await fence.raise(of.place, of.token, limit)) return;
  throw new PlatformError({
    code: 'ROLLOUT_IN_PROGRESS',
    kind: 'dependency',
    effect: 'none',
    message: `A later step has been taken at ${of.place} already: token ${of.token} is too low. Nothing was done.`,
  });
}
