/**
 * What happens to the children when the supervisor goes: a signal or an uncaught error ends them in order, a plain exit
 * kills them. (After kill -9 of the supervisor each child's guard does it: `guarded-spawn.ts`.)
 */
import { constants } from 'node:os';

export interface Endable {
  end(): Promise<void>;
  killNow(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Returns what takes the handlers off again. */
export function installExitHandlers(platform: Endable): () => void {
  let ending = false;
  const endThenExit = (code: number) => {
    // A second Ctrl-C is an impatient user's: leave at once.
    if (ending) process.exit(code);
    ending = true;
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
