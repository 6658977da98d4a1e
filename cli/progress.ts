/**
 * Progress of what may take over a second, on stderr: a spinner where a person looks, plain lines elsewhere, nothing for
 * what is quicker. The spinner's line is gone when the work ends, so that results stand alone.
 */
import type { Clock } from '../core/clock.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** What is being done now. */
  update(text: string): void;
  /** Something that is worth a line of its own, whatever comes after. */
  note(text: string): void;
}

/** Before this, a message would only flicker. */
const SILENT_MS = 1_000;
const FRAME_MS = 100;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export interface ProgressOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly label: string;
}

export async function withProgress<T>(options: ProgressOptions, work: (progress: Progress) => Promise<T>): Promise<T> {
  const reporter = options.terminal.moving ? spinner(options) : plainLines(options);
  const done = new AbortController();
  const loop = reporter.run(done.signal);
  try {
    return await work(reporter);
  } finally {
    done.abort();
    await loop;
  }
}

interface Reporter extends Progress {
  /** Resolves (never rejects) once the signal is aborted and the line is clear. */
  run(signal: AbortSignal): Promise<void>;
}

function spinner({ terminal, clock, label }: ProgressOptions): Reporter {
  let text = label;
  const startedAtMs = clock.monotonicMs();
  const { dim, cyan } = terminal.errColours;
  return {
    update: (next) => {
      text = next;
    },
    note: (line) => {
      terminal.overwrite('');
      terminal.err(line);
    },
    run: async (signal) => {
      for (let frame = 0; await slept(clock, { ms: FRAME_MS, signal }); frame++) {
        const seconds = ((clock.monotonicMs() - startedAtMs) / 1_000).toFixed(1);
        terminal.overwrite(`${cyan(FRAMES[frame % FRAMES.length] ?? '')} ${text} ${dim(`${seconds} s`)}`);
      }
      terminal.overwrite('');
    },
  };
}

function plainLines({ terminal, clock, label }: ProgressOptions): Reporter {
  let text = label;
  let speaking = false;
  const say = () => terminal.err(`${text} …`);
  return {
    update: (next) => {
      if (next === text) return;
      text = next;
      if (speaking) say();
    },
    note: (line) => terminal.err(line),
    run: async (signal) => {
      if (!(await slept(clock, { ms: SILENT_MS, signal }))) return;
      speaking = true;
      say();
    },
  };
}

/** Whether the sleep went to its end. */
function slept(clock: Clock, { ms, signal }: { ms: number; signal: AbortSignal }): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}
