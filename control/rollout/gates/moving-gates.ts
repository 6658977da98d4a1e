/**
 * Gates on what moves cells besides us: a failover under way, and one that waits for a person's word. Neither can be forced: a
 * change beside a failover is a second fault, and which of the two bent a graph could not be told afterwards.
 */
import type { Clock } from '../../../core/clock.ts';
import type { CellId } from '../../../core/ids.ts';
import type { AutomationStore } from '../../failover/automation/automation-store.ts';
import { isTerminal } from '../../failover/failover-record.ts';
import type { Gate } from '../rollout-executor.ts';
import { named, sayer } from './finding.ts';

export interface FailoversGateOptions {
  readonly store: Pick<AutomationStore, 'records'>;
  /** All of them, reached or not. */
  readonly cells: readonly CellId[];
}

export function failoversGate({ store, cells }: FailoversGateOptions): Gate {
  const say = sayer('failovers');
  return {
    name: 'failovers',
    // Within a cell the rollout itself moves it; who else does is found by that move, which is refused.
    midCell: false,
    look: async (_reached, limit) => {
      const records = await store.records(cells, limit);
      const running = records.filter(({ step }) => !isTerminal(step));
      if (running.length === 0) return say.open('no cell is being moved');
      const moves = running.map(({ decision, step }) => `${decision.cell} to ${decision.to}, at "${step}"`);
      return say.closed(
        `being moved: ${named(moves)}. Allowed: none; wait for it, or end it with "holdfast failover run <cell> --resume"`,
      );
    },
  };
}

export interface ProposalsGateOptions {
  readonly store: Pick<AutomationStore, 'proposals'>;
  readonly clock: Clock;
}

export function proposalsGate({ store, clock }: ProposalsGateOptions): Gate {
  const say = sayer('proposals');
  return {
    name: 'proposals',
    midCell: false,
    look: async (_reached, limit) => {
      const nowMs = clock.wallMs();
      const standing = (await store.proposals(limit)).filter(({ expiresAtMs }) => expiresAtMs > nowMs);
      if (standing.length === 0) return say.open('nothing waits for approval');
      const cells = named(standing.map(({ cell }) => cell));
      return say.closed(
        `a failover of ${cells} is proposed. Allowed: none; decide on it first (holdfast automation proposals)`,
      );
    },
  };
}
