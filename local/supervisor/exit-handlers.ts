/**
 * What happens to the children when the supervisor goes: a signal or an uncaught error ends them in order, a plain exit
 * kills them. (After kill -9 of the supervisor each child's guard does it: `guarded-spawn.ts`.)
 */
import { constants } from 'node:os';
import type { Clock } from '../../core/clock.ts';

export interface Endable {
  end(): Promise<void>;
  killNow(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One Ctrl-C arrives twice under npm: from the terminal, and passed on by npm. Only a later one is an impatient user's. */
const SAME_PRESS_MS = 1_000;

/** Returns what takes the handlers off again. */
export function installExitHandlers(platform: Endable, clock: Clock): () => void {
  let endingSinceMs: number | null = null;
  const endThenExit = (code: number) => {
    if (endingSinceMs !== null) {
      if (clock.monotonicMs() - endingSinceMs > SAME_PRESS_MS) process.exit(code);
      return;
    }
    endingSinceMs = clock.monotonicMs();
    void platform.end().finally(() => process.exit(code));
  };
  const onSignal = (signal: (typeof SIGNALS)[number]) => endThenExit(128 + constants.signals[signal]);
  const onUncaught = (thrown: unknown) => {
    console.error('holdfast: uncaught error; ending the platform.', thrown);
    endThenExit(1);
  };
  const onExit = () => platform.killNow();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtException', onUncaught);
  process.on('unhandledRejection', onUncaught);
  process.on('exit', onExit);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('uncaughtException', onUncaught);
    process.off('unhandledRejection', onUncaught);
    process.off('exit', onExit);
  };
}
