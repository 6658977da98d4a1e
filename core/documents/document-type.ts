/**
 * What a type of document declares. Publisher and consumer run the same declaration, so what one end lets through the other
 * can't choke on. Invariant: no function of it throws anything but `INVALID_INPUT`, whatever it is given, and none keeps state.
 */
import type { CellId } from '../ids.ts';
import type { Topology } from '../topology.ts';

/** Functions as methods, so that a type of any body can stand in a list of `DocumentType<unknown>`, who never mixes bodies of two. */
export interface DocumentType<Body = unknown> {
  /** `modes`: lower-case letters, digits and hyphens; also its name in the arbiter and the CLI. */
  readonly name: string;
  /** One sentence for "holdfast document list". */
  readonly summary: string;
  /**
   * `waves`: cell by cell, with bake and gates. `at-once`: all consumers together, for what has no meaning in one cell alone.
   * A change in the safe direction always goes at once.
   */
  readonly staging: 'waves' | 'at-once';
  /** Of the body as JSON text, bytes. A warning from 80 % of it. */
  readonly bytesMax: number;
  /** The default that every release carries; what a consumer runs that never heard of another. Valid by its own checks. */
  readonly bundled: Body;
  /** Schema: takes any value of JSON, returns a copy that shares nothing with it. Throws `INVALID_INPUT`, naming path, value and what is allowed. */
  parse(value: unknown): Body;
  /**
   * Semantics against the topology, and limits of change against the predecessor. Returns every objection, each a sentence with what was
   * seen and what is allowed; none means publishable. `force` of an operator passes `delta` ones, never `semantic` ones.
   */
  check(body: Body, context: CheckContext<Body>): readonly Objection[];
  /**
   * Whether going from `before` to `after` only takes load or function away, so that it may go everywhere at once. `nowMs`: wall
   * clock of the publisher, for settings that end by themselves; absent: as if none had ended yet.
   */
  isSafeDirection(before: Body, after: Body, nowMs?: number): boolean;
}

export interface CheckContext<Body = unknown> {
  readonly topology: Topology;
  /** The edition that it would follow. */
  readonly before: Body;
  /** Wall clock of the publisher. Absent where a document was valid once, and time alone must not make it invalid. */
  readonly nowMs?: number;
}

export interface Objection {
  readonly kind: 'semantic' | 'delta';
  readonly message: string;
}

/** One version of a document. Versions of a type only grow, also by a rollback. */
export interface Edition<Body = unknown> {
  readonly type: string;
  /** From 1; 0 is the bundled default. */
  readonly version: number;
  readonly body: Body;
  /** Of the body's canonical JSON text; what arrives damaged is refused before it is parsed. */
  readonly checksum: string;
  readonly by: string;
  readonly why: string;
  /** Wall clock of the publisher, for people. */
  readonly publishedAtMs: number;
}

/**
 * Everything a consumer needs to know of a type: one item in the arbiter, written only under its record version (0: never
 * written yet).
 */
export interface Shelf<Body = unknown> {
  readonly type: string;
  readonly recordVersion: number;
  /** Highest fencing token of a rollout that wrote here; one with a lower token was succeeded by another orchestrator. */
  readonly token: number;
  readonly stable: Edition<Body> | null;
  /** On its way through the waves: who has it. */
  readonly staged: { readonly edition: Edition<Body>; readonly cells: readonly CellId[] } | null;
  /** Why its editions are not what lies there but stand-ins, good for nothing but to be replaced. Absent: all of it was read. */
  readonly unreadable?: string;
}

/** The edition that a consumer of `cell` should run (`null`: of no cell, as a router, which has a staged edition last); `null`: the bundled one. */
export function editionFor<Body>(shelf: Shelf<Body>, cell: CellId | null): Edition<Body> | null {
  const { stable, staged } = shelf;
  return staged !== null && cell !== null && staged.cells.includes(cell) ? staged.edition : stable;
}

/** What a process runs of one type. */
export interface RunningEdition<Body = unknown> {
  readonly version: number;
  readonly body: Body;
  /** Where it came from: the release, the disk, the arbiter, or a person on this very host. */
  readonly source: 'bundled' | 'kept' | 'published' | 'break-glass';
}

/** How code reads its settings: in memory, always there, never older than what it has shown before. */
export interface Documents {
  current<Body>(type: DocumentType<Body>): RunningEdition<Body>;
}
