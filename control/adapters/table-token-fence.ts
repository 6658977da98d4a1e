/** The fence of effects in the arbiter's table: `ROLLOUT` / `FENCE#<place>`, raised by a conditional write and never lowered. */
import { absent, any, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { TokenFence } from '../rollout/token-fence.ts';

export function tableTokenFence({ arbiter, clock }: { arbiter: Table; clock: Clock }): TokenFence {
  return {
    raise: async (place, token, { withinMs }) => {
      const when = any(absent, { kind: '<=', attribute: 'token', value: token });
      const item = { pk: 'ROLLOUT', sk: `FENCE#${place}`, token };
      const bounds = { deadlineAtMs: clock.monotonicMs() + withinMs };
      return (await arbiter.write({ kind: 'put', item, when }, bounds)).outcome === 'done';
    },
  };
}
