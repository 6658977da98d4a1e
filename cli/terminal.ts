/** Where a command writes: results to stdout, all else to stderr. Colours and motion only where a person looks. */
import pc from 'picocolors';

export type Colours = ReturnType<typeof pc.createColors>;

export interface Terminal {
  /** One result line (or several) on stdout. */
  out(text: string): void;
  /** Progress, hints and errors on stderr. */
  err(text: string): void;
  /** For motion: overwrites the present line of stderr; only on a terminal. */
  overwrite(text: string): void;
  readonly outColours: Colours;
  readonly errColours: Colours;
  /** stderr is a terminal: a spinner may turn. */
  readonly moving: boolean;
}

interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface TerminalOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** https://no-color.org: any value but the empty one turns colours off. */
export function terminalOn({ stdout, stderr, env }: TerminalOptions): Terminal {
  const coloured = (stream: Stream) => stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    overwrite: (text) => void stderr.write(`\r\x1b[2K${text}`),
    outColours: pc.createColors(coloured(stdout)),
    errColours: pc.createColors(coloured(stderr)),
    moving: stderr.isTTY === true && env.TERM !== 'dumb' && !env.CI,
  };
}
