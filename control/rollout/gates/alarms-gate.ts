/** The gate on alarms that watch the cells from outside the platform (on AWS: CloudWatch). It can't be forced: silence the alarm, with its owner's word, if it lies. */
import type { CallLimit, Gate } from '../rollout-executor.ts';
import { named, sayer } from './finding.ts';

export interface AlarmEyes {
  /** Those of our cells that ring now. Throws when somebody who knows does not answer. */
  ringing(limit: CallLimit): Promise<readonly { readonly name: string; readonly region: string }[]>;
}

export function alarmsGate({ eyes }: { readonly eyes: AlarmEyes }): Gate {
  const say = sayer('alarms');
  return {
    name: 'alarms',
    midCell: false,
    look: async (_reached, limit) => {
      const ringing = await eyes.ringing(limit);
      if (ringing.length === 0) return say.open('no alarm rings');
      return say.closed(`${named(ringing.map(({ name, region }) => `${name} in ${region}`))}. Allowed: none in ALARM`);
    },
  };
}
