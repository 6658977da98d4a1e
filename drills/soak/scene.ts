/** What a soak is made of, as data. Times are milliseconds since the act began; every scene that breaks something ends. */
import type { Fault } from '../nemesis/fault.ts';
import type { MoveKind } from '../ports/failover-port.ts';

export type Scene =
  /** Broken at `startMs`, healed `durationMs` later. */
  | {
      readonly type: 'fault';
      readonly kind: string;
      readonly startMs: number;
      readonly durationMs: number;
      readonly fault: Fault;
    }
  /** An operator asks for it, at a good time or a bad one; he may be refused, and may have to give up. */
  | {
      readonly type: 'move';
      readonly kind: MoveKind;
      readonly startMs: number;
      readonly cell: string;
      readonly operatorRegion: string;
    };

/** Scenes that overlap, and after them a quiet time in which the steady state has to come back. */
export type Act = readonly Scene[];

/** One epoch of history: load, acts, drain, judgement. */
export interface SoakRound {
  readonly seed: number;
  readonly round: number;
  readonly acts: readonly Act[];
}

/** What came of a scene. `false`: it was played and nothing of it was seen. */
export interface SceneOutcome {
  readonly kind: string;
  readonly effective: boolean;
  readonly what: string;
}
