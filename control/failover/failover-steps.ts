/**
 * The order of a failover, pure. Fence first: a fenced store that was drained proves that nothing is lost and that no
 * wait is needed. Only if the old store does not answer is the lease waited out.
 *
 *   (catch-up) ─▶ fence ─┬─ fenced ──────▶ drain ─┬─▶ release ─▶ open ─▶ done
 *                        └─ unreachable ─▶ wait ──┘
 */
import type { FailoverKind, Step } from './failover-record.ts';

export type StepOutcome =
  | { readonly step: 'catch-up'; readonly result: 'done' | 'unreachable' }
  | { readonly step: 'fence'; readonly result: 'fenced' | 'unreachable' }
  | { readonly step: 'drain'; readonly result: 'complete' | 'incomplete' }
  | { readonly step: 'wait'; readonly result: 'expired' | 'still-renewed' }
  | { readonly step: 'release'; readonly result: 'released' | 'lost' }
  | { readonly step: 'open'; readonly result: 'opened' | 'not-opened' };

export type ActiveStep = StepOutcome['step'];

export function firstStep(kind: FailoverKind): ActiveStep {
  return kind === 'failover' ? 'fence' : 'catch-up';
}

/** A planned change stops at the first doubt; the old region then takes its own cell back with a higher epoch. */
export function nextStep(kind: FailoverKind, outcome: StepOutcome): Step {
  const planned = kind !== 'failover';
  switch (outcome.step) {
    case 'catch-up':
      return outcome.result === 'done' ? 'fence' : 'aborted';
    case 'fence':
      if (outcome.result === 'fenced') return 'drain';
      return planned ? 'aborted' : 'wait';
    case 'drain':
      return outcome.result === 'incomplete' && planned ? 'aborted' : 'release';
    case 'wait':
      return outcome.result === 'expired' ? 'release' : 'failed';
    case 'release':
      return outcome.result === 'released' ? 'open' : 'failed';
    case 'open':
      return outcome.result === 'opened' ? 'done' : 'failed';
  }
}
