/** How a drill on this machine lets the platform decide by itself: the operator's own switch, and what the records say. */
import type { ReservedMove } from '../control/failover/automation/automation-document.ts';
import type { FailoverRecord } from '../control/failover/failover-record.ts';
import type { AutomaticMove, AutomationPort } from '../drills/ports/automation-port.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { openAutomationOperator } from './automation-operator.ts';
import { stepsOf } from './drill-failover.ts';
import type { Machine } from './failover-operator.ts';
import type { AutomationOperator } from './services.ts';

/** From the reservation of a move to the first record of it: the evidence is gathered once more, each call within its limit. */
const BEGUN_WITHIN_MS = 10_000;

export function drillAutomation(view: PlatformView, machine: Machine): AutomationPort {
  // Opened for each call: which region reaches the arbiter is what a drill changes.
  const withOperator = async <T>(use: (operator: AutomationOperator) => Promise<T>): Promise<T> => {
    const operator = await openAutomationOperator(view, machine);
    try {
      return await use(operator);
    } finally {
      operator.close();
    }
  };
  return {
    mode: () =>
      withOperator(async (operator) => {
        const { mode, enabled } = await operator.document();
        return { mode, enabled };
      }),
    setMode: (setting, reason) =>
      withOperator(async (operator) => {
        await operator.set({ ...setting, reason });
      }),
    status: () =>
      withOperator(async (operator) =>
        (await operator.statuses()).map(({ region, status }) => ({
          region,
          cells:
            status?.cells.map(({ cell, verdict }) => ({ cell, verdict: verdict.kind, why: whyOf(verdict) })) ?? null,
        })),
      ),
    moves: () =>
      withOperator(async (operator) => {
        const [document, records] = await Promise.all([operator.document(), operator.records()]);
        const nowMs = machine.clock.wallMs();
        return document.moves.map((move) => toMove(move, { nowMs, record: records.find(({ id }) => id === move.id) }));
      }),
  };
}

function whyOf(verdict: { readonly kind: string; readonly why?: string }): string {
  return verdict.why ?? '';
}

function outcomeOf({ state }: FailoverRecord): AutomaticMove['outcome'] {
  return state === 'done' || state === 'running' ? state : 'failed';
}

export function toMove(move: ReservedMove, at: { nowMs: number; record: FailoverRecord | undefined }): AutomaticMove {
  const { cell, from, to, atMs } = move;
  const { record } = at;
  const agoMs = at.nowMs - atMs;
  return {
    ...{ cell, from, to, agoMs, record: record ?? null },
    outcome: record ? outcomeOf(record) : agoMs > BEGUN_WITHIN_MS ? 'called-off' : 'running',
    steps: record ? stepsOf(record) : [],
  };
}
