/** Deletes one stack and waits until it is gone. */
import { PlatformError } from '../../core/errors.ts';
import { standingOf } from './stack-standing.ts';
import type { StackPlace, Stacks } from './stacks.ts';
import { untilAtRest, type Waiting } from './wait-for-stack.ts';

/** What could not go because something else still used it often goes at the second try. */
const TRIES_MAX = 2;

/** Throws `DEPLOY_FAILED` with the resource that resists and its reason. */
export async function deleteStack(
  place: StackPlace,
  { stacks, clock }: Waiting & { readonly stacks: Pick<Stacks, 'state' | 'beginDelete' | 'failure'> },
): Promise<void> {
  for (let tries = 1; ; tries++) {
    await stacks.beginDelete(place);
    const state = await untilAtRest(place, { stacks, clock });
    if (standingOf(state) === 'absent') return;
    if (tries < TRIES_MAX) continue;
    const reason = (await stacks.failure(place)) ?? state.reason ?? 'CloudFormation gives no reason';
    throw new PlatformError({
      code: 'DEPLOY_FAILED',
      kind: 'dependency',
      effect: 'unknown',
      message: `${place.stack} in ${place.region} can't be deleted (${state.status}): ${reason}. Remove what resists, then run this again.`,
    });
  }
}
