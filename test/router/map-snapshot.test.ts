/** The snapshot as a document: whole or refused; and its holder, which never goes back. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildPlacement, encodePlacement } from '../../core/cell-map.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, epoch, regionName } from '../../core/ids.ts';
import { decodeSnapshot, encodeSnapshot } from '../../core/map-snapshot.ts';
import { serviceOf } from '../../core/service-paths.ts';
import { validateTopology } from '../../core/topology.ts';
import { cellSpecs } from '../../router/core/decide.ts';
import { MapHolder } from '../../router/map/map-holder.ts';
import { SnapshotHolder } from '../../router/map/snapshot-holder.ts';
import { EAST, ownerOf, TOPOLOGY_INPUT, WEST } from './router-under-test.ts';

const cells = cellSpecs(validateTopology(TOPOLOGY_INPUT));
const [c01, east, west] = [cellId('c01'), regionName(EAST), regionName(WEST)];
const placement = encodePlacement(buildPlacement([...cells.values()]));
const control = { source: 'control', ageMs: 0 } as const;

function addressOf(url = 'https://a.lambda-url.us-east-1.on.aws') {
  return { cell: c01, region: east, urls: { cart: url, catalog: url, checkout: url }, release: 'r1' };
}

function snapshot(version: number, more: { ownership?: ReturnType<typeof ownerOf>[]; url?: string } = {}): unknown {
  const { ownership = [], url } = more;
  return JSON.parse(encodeSnapshot({ version, writtenAtMs: 5, placement, ownership, addresses: [addressOf(url)] }));
}

function holding() {
  const clock = new FakeClock();
  let changes = 0;
  const map = new MapHolder({ clock, cells, onChange: () => undefined });
  const snapshots = new SnapshotHolder({
    map,
    onChange: () => {
      changes += 1;
    },
  });
  return { map, snapshots, changes: () => changes };
}

describe('a snapshot', () => {
  it('comes back as it was written', () => {
    expect(decodeSnapshot(snapshot(3))).toMatchObject({ version: 3, writtenAtMs: 5, addresses: [addressOf()] });
  });

  it('is refused when any of it was changed on its way', () => {
    for (const damage of [
      { version: 4 },
      { ownership: [ownerOf('c01', WEST, 9)] },
      { addresses: [] },
      { checksum: '' },
    ]) {
      expect(() => decodeSnapshot({ ...(snapshot(3) as object), ...damage })).toThrow('Checksum');
    }
  });

  it('is refused when it names an address that is no https origin, save on this machine', () => {
    for (const url of [
      'http://a.example',
      'ftp://a',
      'https://user:x@a.example',
      'nonsense',
      'http://127.0.0.1.example',
    ]) {
      expect(() => decodeSnapshot(snapshot(1, { url }))).toThrow('Allowed: an https URL');
    }
    expect(decodeSnapshot(snapshot(1, { url: 'http://127.0.0.1:80/x' })).addresses[0]?.urls.cart).toBe(
      'http://127.0.0.1',
    );
  });

  it('throws nothing but a refusal, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (hostile) => {
        expect(() => decodeSnapshot(hostile)).toThrow(expect.objectContaining({ code: 'INVALID_CELL_MAP' }));
      }),
    );
  });
});

describe('its holder', () => {
  it('takes newer ones, and refuses older ones whole', () => {
    const { snapshots, changes } = holding();
    snapshots.accept(snapshot(8), control);
    expect(() => snapshots.accept(snapshot(7, { url: 'https://old.example' }), control)).toThrow('older than 8');
    expect(snapshots.address(c01, east)?.urls.cart).toBe(addressOf().urls.cart);
    snapshots.accept(snapshot(9, { url: 'https://new.example' }), control);
    expect(snapshots.address(c01, east)?.urls.cart).toBe('https://new.example');
    expect([snapshots.address(c01, west), changes()]).toEqual([null, 2]);
  });

  it('keeps what was learned from a hint when a newer snapshot has an older epoch', () => {
    const { map, snapshots } = holding();
    snapshots.accept(snapshot(1, { ownership: [ownerOf('c01', EAST, 4)] }), control);
    map.learn({ cell: c01, hint: { region: west, epoch: epoch(5) } });
    snapshots.accept(snapshot(2, { ownership: [ownerOf('c01', EAST, 4)] }), control);
    expect(map.map?.ownership.get(c01)).toEqual({ region: WEST, epoch: 5 });
  });

  it('keeps its addresses when the map of a snapshot is refused', () => {
    const { snapshots } = holding();
    snapshots.accept(snapshot(1), control);
    const broken = {
      version: 2,
      writtenAtMs: 0,
      placement: { ...placement, checksum: 'x' },
      ownership: [],
      addresses: [],
    };
    expect(() => snapshots.accept(JSON.parse(encodeSnapshot(broken as never)), control)).toThrow();
    expect([snapshots.version, snapshots.hasAddresses]).toEqual([1, true]);
  });
});

describe('the service of a path', () => {
  it('is that of its first segment, and of nothing that merely begins or ends like it', () => {
    const of = [
      '/carts/1',
      '/products?q=1',
      '/orders/2',
      '/stock',
      '/carts',
      '/',
      '/cartsx',
      '/x/carts',
      '//carts',
      '/constructor',
    ];
    expect(of.map(serviceOf)).toEqual([
      'cart',
      'catalog',
      'checkout',
      'checkout',
      'cart',
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});
