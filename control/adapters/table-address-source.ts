/** Where the cells' services are, from the items that their keepers keep in the arbiter. What is not well formed is left out. */
import type { Item, Key, Table } from '../../cell/table/table.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import { type CellAddress, decodeAddress } from '../../core/map-snapshot.ts';
import type { AddressSource } from '../publisher/snapshot-publisher.ts';

export function tableAddressSource({ arbiter, clock }: { arbiter: Table; clock: Clock }): AddressSource {
  return {
    addresses: async (topology, withinMs) => {
      const keys = topology.cells.flatMap(({ id, home, standby }) => [addressKey(id, home), addressKey(id, standby)]);
      const items = await arbiter.getMany(keys, { deadlineAtMs: clock.monotonicMs() + withinMs });
      return items.flatMap(toAddress);
    },
  };
}

const addressKey = (cell: CellId, region: RegionName): Key => ({ pk: `ADDRESS#${cell}`, sk: region });

function toAddress({ pk, sk, cart, catalog, checkout, release }: Item): readonly CellAddress[] {
  try {
    return [
      decodeAddress({ cell: pk.slice('ADDRESS#'.length), region: sk, urls: { cart, catalog, checkout }, release }),
    ];
  } catch {
    // One cell that announces nonsense must not keep the others' addresses from the routers.
    return [];
  }
}
