/** The publisher of snapshots over the real arbiter adapters on a table in memory, and a bucket with S3's conditions. */
import { describe, expect, it } from '@jest/globals';
import { LeaseArbiter } from '../../cell/lease/lease-arbiter.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { type Bucket, bucketSnapshotStore } from '../../control/adapters/bucket-snapshot-store.ts';
import { tableAddressSource } from '../../control/adapters/table-address-source.ts';
import { tableMapSource } from '../../control/adapters/table-map-source.ts';
import { MapPublisher } from '../../control/publisher/map-publisher.ts';
import { type EdgeStore, SnapshotPublisher } from '../../control/publisher/snapshot-publisher.ts';
import { decodePlacement, encodePlacement, withOverride } from '../../core/cell-map.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, epoch, regionName, tenantId } from '../../core/ids.ts';
import type { HeldLease } from '../../core/lease.ts';
import { decodeSnapshot, type MapSnapshot } from '../../core/map-snapshot.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';

const topology = defaultTopology({ cells: 2 });
const [c01, east, west] = [cellId('c01'), regionName('us-east-1'), regionName('us-west-2')];
const bounds = { deadlineAtMs: Number.MAX_SAFE_INTEGER };

/** One object, with the conditions of S3 and its answer to who may not list. */
class FakeBucket {
  object: { text: string; etag: string } | null = null;
  puts = 0;
  absent = 403;
  beforePut: () => Promise<void> = async () => undefined;

  readonly send = async (command: { input: object; constructor: { name: string } }) => {
    const input = command.input as { Body?: string; IfMatch?: string; IfNoneMatch?: string };
    if (command.constructor.name === 'GetObjectCommand') {
      if (this.object === null) throw failure(this.absent);
      const { text, etag } = this.object;
      return { ETag: etag, Body: { transformToString: async () => text } };
    }
    const hook = this.beforePut;
    this.beforePut = async () => undefined;
    await hook();
    const fits = input.IfNoneMatch === '*' ? this.object === null : input.IfMatch === this.object?.etag;
    if (!fits) throw failure(412);
    this.puts += 1;
    this.object = { text: input.Body ?? '', etag: `"${this.puts}"` };
    return {};
  };

  get snapshot(): MapSnapshot {
    return decodeSnapshot(JSON.parse(this.object?.text ?? 'null'));
  }
}

const failure = (status: number) => Object.assign(new Error('S3'), { $metadata: { httpStatusCode: status } });

function world() {
  const clock = new FakeClock();
  const arbiter = new MemoryTable();
  const bucket = new FakeBucket();
  const held: EdgeStore & { sizes: number[] } = {
    sizes: [],
    hold: async ({ ownership }) => {
      held.sizes.push(ownership.size);
    },
  };
  const publish = () => {
    const ports = { arbiter, clock };
    const map = new MapPublisher({ source: tableMapSource(ports), topology, clock, rng: { next: () => 0.5 } });
    const store = bucketSnapshotStore({ client: bucket as unknown as Bucket, bucket: 'b', clock });
    return new SnapshotPublisher({
      ...{ map, store, edge: held, topology, clock },
      addresses: tableAddressSource(ports),
    }).publish();
  };
  const own = async (region: typeof east, at: number) => {
    const lease: HeldLease = { state: 'held', cell: c01, epoch: epoch(at), holder: region, counter: at, ttlMs: 3_000 };
    const leases = new LeaseArbiter(arbiter);
    await leases.replace(await leases.read(c01, bounds), lease, bounds);
  };
  const announce = (cart: string) =>
    arbiter.write({
      kind: 'put',
      item: {
        pk: 'ADDRESS#c01',
        sk: east,
        cart,
        catalog: 'https://b.example',
        checkout: 'https://c.example',
        release: 'r1',
      },
    });
  return { clock, arbiter, bucket, publish, own, announce, held };
}

describe('the publisher of snapshots', () => {
  it('puts the first placement and the first snapshot, then owners and addresses as they come', async () => {
    const { bucket, publish, own, announce, held } = world();
    expect(await publish()).toMatchObject({ outcome: 'written' });
    expect(bucket.snapshot).toMatchObject({ ownership: [], addresses: [] });
    await own(east, 1);
    await announce('https://a.example');
    await publish();
    expect(bucket.snapshot.ownership).toEqual([{ cell: 'c01', region: east, epoch: 1 }]);
    expect(bucket.snapshot.addresses).toMatchObject([
      { cell: 'c01', region: east, release: 'r1', urls: { cart: 'https://a.example' } },
    ]);
    expect(held.sizes).toEqual([0, 1]);
  });

  it('writes nothing when nothing changed, however often it runs and whatever the order of reads', async () => {
    const { bucket, publish, own, clock } = world();
    await own(east, 1);
    const first = await publish();
    clock.jump(60_000);
    expect(await publish()).toEqual({ ...first, outcome: 'unchanged' });
    expect(bucket.puts).toBe(1);
  });

  it('keeps the owner in the snapshot while a cell is between two, and never goes back to an earlier epoch', async () => {
    const { bucket, publish, own, arbiter } = world();
    await own(west, 5);
    await publish();
    await arbiter.write({ kind: 'delete', key: { pk: 'LEASE#c01', sk: 'LEASE' } });
    expect((await publish()).outcome).toBe('unchanged');
    await own(east, 4);
    expect((await publish()).outcome).toBe('unchanged');
    expect(bucket.snapshot.ownership).toEqual([{ cell: 'c01', region: west, epoch: 5 }]);
  });

  it('writes nothing over what another run has written since it looked', async () => {
    const { bucket, publish, own } = world();
    await publish();
    await own(east, 1);
    bucket.beforePut = async () => {
      await own(west, 2);
      await publish();
    };
    expect(await publish()).toEqual({ outcome: 'overtaken' });
    expect(bucket.snapshot.ownership).toEqual([{ cell: 'c01', region: west, epoch: 2 }]);
  });

  it('counts versions up, also after the bucket was emptied', async () => {
    const { bucket, publish, own, clock } = world();
    await publish();
    const { version } = bucket.snapshot;
    await own(east, 1);
    await publish();
    expect(bucket.snapshot.version).toBeGreaterThan(version);
    const last = bucket.snapshot.version;
    bucket.object = null;
    bucket.absent = 404;
    clock.jump(60_000);
    await publish();
    expect(bucket.snapshot.version).toBeGreaterThan(last);
  });

  it('replaces what is damaged', async () => {
    const { bucket, publish } = world();
    bucket.object = { text: '{"half', etag: '"0"' };
    expect((await publish()).outcome).toBe('written');
    expect(bucket.snapshot.addresses).toEqual([]);
  });

  it('takes a newer placement, and no older one', async () => {
    const { bucket, publish, arbiter } = world();
    await publish();
    const first = decodePlacement(bucket.snapshot.placement);
    const second = withOverride(first, { tenant: tenantId('acme'), cell: c01 });
    const put = (placement: typeof first) =>
      arbiter.write({
        kind: 'put',
        item: {
          ...{ pk: 'DOCUMENT#placement', sk: 'CURRENT', version: placement.version },
          body: JSON.stringify(encodePlacement(placement)),
        },
      });
    await put(second);
    await publish();
    expect(bucket.snapshot.placement).toMatchObject({ version: 2 });
    await put(first);
    expect((await publish()).outcome).toBe('unchanged');
  });

  it('leaves an address out that is none, and the others in', async () => {
    const { bucket, publish, announce } = world();
    await announce('javascript:alert(1)');
    await publish();
    expect(bucket.snapshot.addresses).toEqual([]);
  });

  it('leaves everything as it is when the bucket does not answer', async () => {
    const { bucket, publish } = world();
    bucket.absent = 500;
    await expect(publish()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(bucket.puts).toBe(0);
  });
});
