/** All checkers over one history and end state. */
import type { History } from '../history/call.ts';
import type { EndState } from '../history/end-state.ts';
import { acknowledgedDurable } from './acknowledged-durable.ts';
import { cartsConverge } from './carts-converge.ts';
import { linearizable } from './linearizable.ts';
import { noDoubleCharge } from './no-double-charge.ts';
import { noStaleWrite } from './no-stale-write.ts';
import { oneWriterPerEpoch } from './one-writer-per-epoch.ts';
import type { CheckResult } from './verdict.ts';

export function judgeHistory(input: {
  readonly history: History;
  readonly end: EndState;
  readonly faultAtMs: number | null;
}): readonly CheckResult[] {
  return [
    oneWriterPerEpoch(input.history),
    noStaleWrite(input),
    linearizable(input),
    acknowledgedDurable(input),
    noDoubleCharge(input),
    cartsConverge(input),
  ];
}
