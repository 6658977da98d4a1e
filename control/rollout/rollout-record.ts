/**
 * The record of one staged change: what changes, where it stands, who carries it out, and what came of it. It lies in the one
 * place for it in the arbiter and is written only over the version before it; a copy under its number is its history.
 */
import type { CellId } from '../../core/ids.ts';
import type { GateFinding } from './rollout-executor.ts';

export type ChangeKind = 'document' | 'release';

/** What is rolled out; enough to find it again when somebody else goes on. */
export interface Change {
  readonly kind: ChangeKind;
  /** `modes@17`, or the digest of a release. */
  readonly what: string;
}

export type RolloutState =
  | 'running'
  | 'rolling-back'
  /** Everywhere, and what newcomers get. */
  | 'done'
  /** A gate or a step said no: every reached cell has again what it had before. */
  | 'rolled-back'
  /** The same, because an operator said so. */
  | 'aborted'
  /** It could neither go on nor be taken back, and waits for a person: "resume" tries again. */
  | 'stopped';

/** Where it stands: what is done next, or being done. Indexes count from 0. */
export type Position =
  | { readonly at: 'step'; readonly wave: number; readonly cell: number; readonly step: number }
  | { readonly at: 'bake'; readonly wave: number }
  | { readonly at: 'settle' }
  /** Cells that are still to be undone, the next one first. */
  | { readonly at: 'undo'; readonly left: readonly CellId[] }
  | { readonly at: 'withdraw' }
  | { readonly at: 'end' };

/** Why it goes back, or stopped. */
export interface Trouble {
  readonly cause: 'gate' | 'step' | 'abort';
  readonly detail: string;
  readonly atMs: number;
}

export interface RolloutRecord extends Change {
  readonly id: string;
  /** 1, 2, 3 …: of all rollouts that there ever were. */
  readonly number: number;
  /** Of the place, not of this rollout: grows with every write, which makes it the fencing token of what is done under it. */
  readonly recordVersion: number;
  readonly waves: readonly (readonly CellId[])[];
  /** The executor's, as it was begun: whoever resumes must take the same. */
  readonly steps: readonly string[];
  readonly position: Position;
  readonly state: RolloutState;
  readonly bakeMs: number;
  /** The run of a process that carries it out. */
  readonly orchestrator: string;
  readonly by: string;
  readonly why: string;
  /** Gates that an operator has passed by, with the reason in `why`. */
  readonly forced: readonly string[];
  /** Wall clock, for people. */
  readonly startedAtMs: number;
  readonly trouble: Trouble | null;
  /** An operator's wish that its orchestrator has not carried out yet, or has. */
  readonly abort: { readonly by: string; readonly why: string } | null;
  /** What the gates saw last, for whoever looks on. */
  readonly seen: readonly GateFinding[];
  /** Of the wave that bakes; `null`: none does. */
  readonly bakedMs: number | null;
  /** Newest last. */
  readonly log: readonly RolloutLogLine[];
}

export interface RolloutLogLine {
  /** Wall clock, for people. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly text: string;
}

/** Every beat writes the record whole, so it stays small: what is older stands in the timeline. */
export const LOG_LINES_MAX = 60;
/** A note of an executor or a gate may quote a whole answer. */
export const NOTE_LENGTH_MAX = 300;

export const TERMINAL_STATES: readonly RolloutState[] = ['done', 'rolled-back', 'aborted'];

export function isTerminal({ state }: Pick<RolloutRecord, 'state'>): boolean {
  return TERMINAL_STATES.includes(state);
}

export function shortened(note: string): string {
  return note.length > NOTE_LENGTH_MAX ? `${note.slice(0, NOTE_LENGTH_MAX - 1)}…` : note;
}
