/**
 * How a drill works a platform as people do: by the command line, each command in a process of its own that can be stopped and
 * continued; and as somebody does who gets past the command line and writes into the arbiter.
 */

export interface EndedCommand {
  /** 0 done, 1 refused or failed, 2 usage, 3 unknown; `null`: it was killed. */
  readonly exitCode: number | null;
  /** What it said on both outputs, for people and for JSON. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedCommand {
  /** Never rejects. */
  readonly ended: Promise<EndedCommand>;
  /** It is held where it stands (SIGSTOP), and knows nothing of the time until `go`. */
  hold(): void;
  go(): void;
}

/** A shelf of documents as it lies in the arbiter: its attributes without the key. */
export type RawShelf = Readonly<Record<string, string | number>>;

export interface OperatorPort {
  /** Begins `holdfast <args>` on this platform; `input` goes to its standard input. What is still running at the end of the drill is killed. */
  begin(args: readonly string[], input?: string): StartedCommand;
  /** `null`: nobody ever wrote it. */
  readShelf(type: string): Promise<RawShelf | null>;
  /** Past every check of the publishing end, over whatever is there. */
  forgeShelf(type: string, shelf: RawShelf): Promise<void>;
}

const nobody = (): never => {
  throw new Error('Nobody works this platform by the command line here. Run this drill on one machine: npm run drill.');
};

/** Where there is none. */
export const NO_OPERATOR: OperatorPort = {
  begin: nobody,
  readShelf: async () => nobody(),
  forgeShelf: async () => nobody(),
};
