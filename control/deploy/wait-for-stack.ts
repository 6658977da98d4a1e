/**
 * Looking at stacks until they rest. A look changes nothing, so one that fails is repeated; an operation is never repeated
 * here. Everything that waits for CloudFormation waits through this file, and so has its bounds.
 */
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { type StackState, standingOf } from './stack-standing.ts';
import type { StackPlace, Stacks } from './stacks.ts';

/** A table with replicas in other regions, or a distribution, takes CloudFormation up to half an hour; twice that is stuck. */
export const OPERATION_MS_MAX = 60 * 60_000;
/** CloudFormation answers a few looks a second for the whole account. */
const LOOK_EVERY_MS = 5_000;
/** A laptop that changes its network is back within this many looks. */
const LOOKS_FAILED_MAX = 6;

export interface Waiting {
  readonly stacks: Pick<Stacks, 'state'>;
  readonly clock: Clock;
}

/** Throws the last error when it can't be seen, and at once when it may not be seen. */
export async function look(place: StackPlace, { stacks, clock }: Waiting): Promise<StackState> {
  for (let failed = 1; ; failed++) {
    try {
      return await stacks.state(place);
    } catch (thrown) {
      const lost = thrown instanceof PlatformError && thrown.code === 'CLOUD_UNAVAILABLE';
      if (!lost || failed === LOOKS_FAILED_MAX) throw thrown;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }
}

/** Waits while an operation runs. Throws `OUTCOME_UNKNOWN` when it runs for longer than the bound. */
export async function untilAtRest(place: StackPlace, waiting: Waiting): Promise<StackState> {
  const { clock } = waiting;
  const giveUpAtMs = clock.monotonicMs() + OPERATION_MS_MAX;
  for (;;) {
    const state = await look(place, waiting);
    if (standingOf(state) !== 'moving') return state;
    if (clock.monotonicMs() > giveUpAtMs) throw stillRunning(place, state.status);
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** `work`, unless it takes longer than any operation may; the operation itself goes on. */
export async function withinBound<T>(place: StackPlace, clock: Clock, work: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  const bound = clock.sleep(OPERATION_MS_MAX, done.signal).then(() => Promise.reject(stillRunning(place, null)));
  try {
    return await Promise.race([work(), bound]);
  } finally {
    done.abort();
    bound.catch(() => undefined);
  }
}

function stillRunning({ stack, region }: StackPlace, status: string | null): PlatformError {
  return new PlatformError({
    code: 'OUTCOME_UNKNOWN',
    kind: 'dependency',
    effect: 'unknown',
    message: `CloudFormation has worked on ${stack} in ${region} for over ${OPERATION_MS_MAX / 60_000} min${status ? ` (${status})` : ''} and may still be at it. Look at its events; run the same command again, it goes on from there.`,
  });
}
