/** A cell's copy of the placement: what is newer and sound replaces it, all else is told and changes nothing. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { PlacementCopy, placementKey } from '../../cell/placement-copy.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { buildPlacement, cellOf, encodePlacement, type Placement, withOverride } from '../../core/cell-map.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, tenantId } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import topology from '../../platform.config.ts';

const TENANT = tenantId('acme');
const first = buildPlacement(topology.cells);
const home = cellOf(first, TENANT);
const other = topology.cells.map(({ id }) => id).find((id) => id !== home) ?? cellId('c99');
const second = withOverride(first, { tenant: TENANT, cell: other });

let arbiter: MemoryTable;
let copy: PlacementCopy;
beforeEach(() => {
  arbiter = new MemoryTable();
  copy = new PlacementCopy({ arbiter, clock: new FakeClock(), rng: seededRng(1) });
});

const published = (placement: Placement) =>
  put({ version: placement.version, body: JSON.stringify(encodePlacement(placement)) });
const put = (item: { version: number; body: string }) =>
  arbiter.write({ kind: 'put', item: { ...placementKey, ...item } });

describe("a cell's copy of the placement", () => {
  it('believes the router before it has seen one', async () => {
    await copy.refresh();
    expect([copy.gives(TENANT, other), copy.status]).toEqual([
      true,
      { version: 0, source: 'bundled', lastRefused: null },
    ]);
  });

  it('takes a newer one and refuses the tenants that it gives to another cell', async () => {
    await published(first);
    await copy.refresh();
    expect([copy.gives(TENANT, home), copy.gives(TENANT, other)]).toEqual([true, false]);
    await published(second);
    await copy.refresh();
    expect([copy.gives(TENANT, home), copy.gives(TENANT, other)]).toEqual([false, true]);
    expect(copy.status).toEqual({ version: 2, source: 'published', lastRefused: null });
  });

  it('goes on with what it has when what comes is older or damaged, and tells what was damaged', async () => {
    await published(second);
    await copy.refresh();
    await published(first);
    await copy.refresh();
    expect(copy.status.version).toBe(2);
    const { checksum: _, ...rest } = encodePlacement({ ...first, version: 3 });
    await put({ version: 3, body: JSON.stringify({ ...rest, checksum: '00000000' }) });
    await expect(copy.refresh()).rejects.toThrow(/checksum/);
    expect(copy.gives(TENANT, other)).toBe(true);
    expect(copy.status).toMatchObject({ version: 2, lastRefused: { version: 3, reason: expect.any(String) } });
  });
});
