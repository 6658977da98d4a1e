/**
 * The proof that this region's own store takes writes. A holder renews only with a fresh proof: otherwise a frozen store
 * would keep its lease for ever. The probe writes one shard of the fence again as it is, under the condition that it is: one
 * item, so no transaction (which would bill four times as much, in the one write that an idle cell makes all the time), and a
 * refusal tells that the store was fenced above us. It can't move a fence: what it writes is what it requires.
 */
import type { Fence } from '../../core/fence.ts';
import type { Epoch, RegionName } from '../../core/ids.ts';
import type { CallBounds } from '../cell-store.ts';
import { fenceKey, toFence } from '../store/table-layout.ts';
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
  // The count makes it a change: nobody may answer it from what stood there before.
  const { pk, sk } = fenceKey(shard);
  const item = { pk, sk, epoch, active: region, count };
  const when = all(equals('epoch', epoch), equals('active', region));
  const result = await table.write({ kind: 'put', item, when }, bounds);
  if (result.outcome === 'done') return { outcome: 'writable' };
  return { outcome: 'fenced', fence: toFence(result.refusals[0]?.existing ?? null) };
}
