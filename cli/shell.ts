/**
 * What every command has in common: it gets its arguments, works, and returns one outcome, which is printed as text or,
 * with `--json`, as one line of JSON. Errors become a message and an exit code here and nowhere else.
 */
import type { Command } from 'commander';
import type { Clock } from '../core/clock.ts';
import { toPlatformError } from '../core/errors.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { type Progress, withProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface Outcome {
  readonly json: unknown;
  readonly text: string;
  readonly exitCode?: ExitCode;
}

export interface Call {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  readonly terminal: Terminal;
  progress<T>(label: string, work: (progress: Progress) => Promise<T>): Promise<T>;
}

/** `null`: the command has said what there was to say itself. */
export type Action = (call: Call) => Promise<Outcome | null>;

export class Shell {
  readonly terminal: Terminal;
  readonly clock: Clock;
  exitCode: ExitCode = EXIT.done;
  readonly #debug: boolean;

  constructor(options: { readonly terminal: Terminal; readonly clock: Clock; readonly debug: boolean }) {
    this.terminal = options.terminal;
    this.clock = options.clock;
    this.#debug = options.debug;
  }

  /** What commander calls: arguments, then options, then the command. */
  action(action: Action): (...given: unknown[]) => Promise<void> {
    return async (...given) => {
      const command = given.at(-1) as Command;
      const args = given.slice(0, -2).filter((arg): arg is string => typeof arg === 'string');
      const options = command.optsWithGlobals() as Readonly<Record<string, unknown>>;
      await this.#run(action, { args, options });
    };
  }

  /** Says what went wrong, where the reader of this command looks for it. */
  fail(thrown: unknown, { json }: { readonly json: boolean }): void {
    this.exitCode = exitCodeOf(thrown);
    const error = toPlatformError(thrown);
    const { code, kind, effect, message } = error;
    if (json) this.terminal.out(JSON.stringify({ error: { code, kind, effect, message } }));
    else this.terminal.err(`${this.terminal.errColours.red('holdfast:')} ${message}`);
    if (kind !== 'bug') return;
    const stack = error.cause instanceof Error ? error.cause.stack : error.stack;
    this.terminal.err(this.#debug ? (stack ?? '') : 'Nobody foresaw this. HOLDFAST_DEBUG=1 shows where it comes from.');
  }

  async #run(action: Action, { args, options }: Pick<Call, 'args' | 'options'>): Promise<void> {
    const json = options.json === true;
    const { terminal, clock } = this;
    try {
      const outcome = await action({
        args,
        options,
        json,
        terminal,
        progress: (label, work) => withProgress({ terminal, clock, label }, work),
      });
      if (outcome === null) return;
      terminal.out(json ? JSON.stringify(outcome.json) : outcome.text);
      this.exitCode = outcome.exitCode ?? EXIT.done;
    } catch (thrown) {
      this.fail(thrown, { json });
    }
  }
}
