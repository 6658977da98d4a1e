/**
 * A register (one product's stock that nobody buys) across epochs. An epoch does not reset it; but what was acknowledged by
 * one region alone, or not at all, may be undone when another region takes over, and nothing else may.
 *
 *   line = [durable, alone₁, alone₂ …]      the register shows the last one
 *   put acknowledged as replicated  → [value]               whatever came before is at the peer, too
 *   put degraded, or never answered → [… , value]
 *   first answer of a higher epoch  → any beginning of the line, at least the durable one
 *   answer of a lower epoch         → impossible
 */

import type { Json } from '../../core/json.ts';
import { canonical } from '../history/call.ts';
import type { Model } from './linearize.ts';

export interface RegisterOp {
  readonly kind: 'put' | 'get';
  /** `null`: the product is not there. */
  readonly value: Json;
  /** Under which it was answered; `null`: nobody said. */
  readonly epoch: number | null;
  /** A put that both regions had when it was acknowledged. */
  readonly durable: boolean;
}

interface RegisterState {
  readonly epoch: number;
  /** Values in canonical JSON. Never empty. */
  readonly line: readonly string[];
}

export const REGISTER: Model<RegisterState, RegisterOp> = {
  initial: { epoch: 0, line: [canonical(null)] },
  step: (state, op) => entered(state, op.epoch).flatMap((from) => applied(from, op)),
  // A put of unknown outcome may as well take effect right before the first get that shows it: nobody sees it earlier.
  after: (state, open, op) => {
    if (op.kind !== 'get' || open.kind !== 'put' || canonical(open.value) !== canonical(op.value)) return [];
    return entered(state, op.epoch).flatMap((from) => applied(from, open));
  },
  nameOf: ({ epoch, line }) => `${epoch} ${line.join(' ')}`,
};

function entered(state: RegisterState, epoch: number | null): readonly RegisterState[] {
  if (epoch === null || epoch === state.epoch) return [state];
  if (epoch < state.epoch) return [];
  return state.line.map((_, index) => ({ epoch, line: state.line.slice(0, index + 1) }));
}

function applied({ epoch, line }: RegisterState, op: RegisterOp): readonly RegisterState[] {
  const value = canonical(op.value);
  if (op.kind === 'get') return line.at(-1) === value ? [{ epoch, line }] : [];
  return [{ epoch, line: op.durable ? [value] : [...line, value] }];
}
