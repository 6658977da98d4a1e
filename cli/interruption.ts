/**
 * Ctrl-C (or the end of the terminal) in the middle of work that goes on without this process: says how things stand before it
 * ends, with the exit code of the signal. A second signal finds the message said already.
 */
import { constants } from 'node:os';
import type { Terminal } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a shell adds to the number of a signal. */
const SIGNALLED = 128;

export async function tellingWhenInterrupted<T>(
  terminal: Terminal,
  { standing, work }: { readonly standing: () => string; readonly work: () => Promise<T> },
): Promise<T> {
  const interrupted = (signal: (typeof SIGNALS)[number]) => {
    if (terminal.moving) terminal.overwrite('');
    terminal.err(`${terminal.errColours.red('holdfast:')} ${standing()}`);
    process.exit(SIGNALLED + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    return await work();
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}
