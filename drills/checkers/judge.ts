/** All checkers over one history and end state. */
import type { History } from '../history/call.ts';
import type { EndState } from '../history/end-state.ts';
import { acknowledgedDurable } from './acknowledged-durable.ts';
import { cartsConverge } from './carts-converge.ts';
import { exactlyOnceCharges } from './exactly-once-charges.ts';
import { inventoryConserved } from './inventory-conserved.ts';
import { linearizable } from './linearizable.ts';
import { noStaleWrite } from './no-stale-write.ts';
import { oneWriterPerEpoch } from './one-writer-per-epoch.ts';
import { sessionGuarantees } from './session-guarantees.ts';
import { stalenessBound } from './staleness-bound.ts';
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
    sessionGuarantees(input),
    stalenessBound(input),
    acknowledgedDurable(input),
    exactlyOnceCharges(input),
    inventoryConserved(input),
    cartsConverge(input),
  ];
}
