/**
 * The proof that this region's own store takes writes. A holder renews only with a fresh proof: otherwise a frozen store
 * would keep its lease for ever. The probe is a fenced write, so it also tells when the store was fenced above us.
 */
import type { Fence } from '../../core/fence.ts';
import type { Epoch, RegionName } from '../../core/ids.ts';
import type { CallBounds } from '../cell-store.ts';
import { fenceKey, PROBE, toFence } from '../store/table-layout.ts';
import { all, equals, type Table } from '../table/table.ts';

export type ProbeResult =
  | { readonly outcome: 'writable' }
  | { readonly outcome: 'fenced'; readonly fence: Fence | null };

export async function probeOwnStore(
  table: Table,
  options: { readonly region: RegionName; readonly epoch: Epoch; readonly shard: number; readonly count: number },
  bounds: CallBounds,
): Promise<ProbeResult> {
  const { region, epoch, shard, count } = options;
  const result = await table.transact(
    [
      { kind: 'check', key: fenceKey(shard), when: all(equals('epoch', epoch), equals('active', region)) },
      { kind: 'put', item: { pk: PROBE, sk: region, count } },
    ],
    bounds,
  );
  if (result.outcome === 'done') return { outcome: 'writable' };
  return { outcome: 'fenced', fence: toFence(result.refusals[0]?.existing ?? null) };
}
