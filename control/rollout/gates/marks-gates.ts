/** Gates on the marks in the arbiter: a freeze, and a drill that disturbs this very platform. Both can be forced, with a reason. */

import type { Clock } from '../../../core/clock.ts';
import { forcedHow } from '../forced-gates.ts';
import type { Gate } from '../rollout-executor.ts';
import { sayer } from './finding.ts';
import { type MarkName, type MarkStore, standing } from './marks.ts';

export interface MarkGateOptions {
  readonly marks: MarkStore;
  readonly clock: Clock;
}

export function freezeGate(options: MarkGateOptions): Gate {
  return markGate(options, { name: 'freeze', mark: 'freeze', nothing: 'nobody has frozen changes' });
}

export function drillsGate(options: MarkGateOptions): Gate {
  return markGate(options, { name: 'drills', mark: 'drill', nothing: 'no drill disturbs this platform' });
}

function markGate(
  { marks, clock }: MarkGateOptions,
  of: { readonly name: string; readonly mark: MarkName; readonly nothing: string },
): Gate {
  const say = sayer(of.name);
  return {
    name: of.name,
    midCell: false,
    look: async (_reached, limit) => {
      const held = standing(await marks.read(of.mark, limit), clock.wallMs());
      if (held === null) return say.open(of.nothing);
      const until = new Date(held.untilMs).toISOString();
      return say.closed(`by ${held.by} until ${until}: ${held.why}. Allowed: none, or ${forcedHow(of.name)}`);
    },
  };
}
