/** The publisher's view of the arbiter, over its table. */
import { LeaseArbiter } from '../../cell/lease/lease-arbiter.ts';
import { placementKey } from '../../cell/placement-copy.ts';
import { absent, type Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { MapSource } from '../publisher/map-publisher.ts';

export function tableMapSource(options: { arbiter: Table; clock: Clock }): MapSource {
  const { arbiter, clock } = options;
  const within = (ms: number) => ({ deadlineAtMs: clock.monotonicMs() + ms });
  const leases = new LeaseArbiter(arbiter);
  return {
    leases: (cells, withinMs) => leases.readAll(cells, within(withinMs)),
    placement: async (withinMs) => {
      const item = await arbiter.get(placementKey, within(withinMs));
      return item && JSON.parse(String(item.body));
    },
    publishFirst: async (placement, withinMs) => {
      const { version } = placement;
      const item = { ...placementKey, version, body: JSON.stringify(placement), publishedAtMs: clock.wallMs() };
      await arbiter.write({ kind: 'put', item, when: absent }, within(withinMs));
    },
  };
}
