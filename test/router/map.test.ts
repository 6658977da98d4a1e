/** How the router's map moves: forward only, out of band, and not at all when what comes in is wrong. Fake clock. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { buildPlacement, type CellMap, encodePlacement, withOverride } from '../../core/cell-map.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { cellId, epoch, regionName, tenantId } from '../../core/ids.ts';
import { validateTopology } from '../../core/topology.ts';
import { cellSpecs } from '../../router/core/decide.ts';
import { LastKnownGood } from '../../router/map/last-known-good.ts';
import { MapHolder } from '../../router/map/map-holder.ts';
import { type MapAnswer, MapPoller } from '../../router/map/map-poller.ts';
import { EAST, ownerOf, TOPOLOGY_INPUT, WEST } from './router-under-test.ts';

const cells = cellSpecs(validateTopology(TOPOLOGY_INPUT));
const c01 = cellId('c01');
const first = buildPlacement([...cells.values()]);
const second = withOverride(first, { tenant: tenantId('acme'), cell: c01 });
const control = { source: 'control', ageMs: 0 } as const;

function holding() {
  const clock = new FakeClock();
  const changes: CellMap[] = [];
  const holder = new MapHolder({ clock, cells, onChange: (map) => changes.push(map) });
  return { clock, changes, holder };
}

const document = (placement = first, ownership: unknown = []) => ({ placement: encodePlacement(placement), ownership });

describe('MapHolder', () => {
  it('takes newer placements and refuses older ones, keeping what it has', () => {
    const { holder } = holding();
    holder.accept(document(second), control);
    expect(() => holder.accept(document(first), control)).toThrow('older than 2');
    expect(holder.map?.placement.version).toBe(2);
  });

  it('merges ownership by epoch, so that a late publisher cannot take a cell back', () => {
    const { holder } = holding();
    holder.accept(document(first, [ownerOf('c01', WEST, 8)]), control);
    holder.accept(document(first, [ownerOf('c01', EAST, 7)]), control);
    expect(holder.map?.ownership.get(c01)).toEqual({ region: WEST, epoch: 8 });
  });

  it('takes nothing of a document whose other half is wrong', () => {
    const { holder } = holding();
    holder.accept(document(first), control);
    expect(() => holder.accept(document(second, [{ cell: 'c01' }]), control)).toThrow('Not an owner');
    for (const hostile of [null, 3, 'x', [], {}]) expect(() => holder.accept(hostile, control)).toThrow();
    expect(holder.map?.placement.version).toBe(1);
  });

  it('ignores owners that the topology does not know', () => {
    const { holder } = holding();
    holder.accept(document(first, [ownerOf('c99', EAST, 3), ownerOf('c01', 'eu-west-1', 9)]), control);
    expect(holder.map?.ownership.size).toBe(0);
  });

  it('keeps what it learned from a hint when control repeats an older epoch', () => {
    const { holder, changes } = holding();
    holder.accept(document(first, [ownerOf('c01', EAST, 7)]), control);
    holder.learn({ cell: c01, hint: { region: regionName(WEST), epoch: epoch(8) } });
    holder.accept(document(first, [ownerOf('c01', EAST, 7)]), control);
    expect(holder.map?.ownership.get(c01)?.region).toBe(WEST);
    expect(changes).toHaveLength(2);
  });

  it('grows old until its source confirms it, and says from where it is', () => {
    const { holder, clock } = holding();
    holder.accept(document(first), { source: 'disk', ageMs: 9_000 });
    clock.jump(500);
    expect([holder.ageMs(), holder.map?.source]).toEqual([9_500, 'disk']);
    holder.confirm();
    expect([holder.ageMs(), holder.map?.source]).toEqual([0, 'control']);
  });
});

describe('MapPoller', () => {
  function polling(answers: (() => MapAnswer)[]) {
    const { clock, holder } = holding();
    const asked: { etag: string | null; atMs: number }[] = [];
    const poller = new MapPoller({
      clock,
      rng: { next: () => 0.5 },
      holder,
      fetch: async (etag) => {
        asked.push({ etag, atMs: clock.monotonicMs() });
        const answer = answers[Math.min(asked.length, answers.length) - 1];
        if (!answer) throw new Error('no answer');
        return answer();
      },
    });
    return { clock, holder, asked, poller };
  }
  const gone = (): MapAnswer => {
    throw new Error('refused');
  };

  it('asks every 50 ms with the etag of what it took', async () => {
    const { clock, asked, poller } = polling([
      () => ({ kind: 'document', document: document(), etag: '"1"' }),
      () => ({ kind: 'unchanged' }),
    ]);
    const stop = new AbortController();
    const run = poller.run(stop.signal);
    await clock.advance(100);
    stop.abort();
    await run;
    expect(asked).toEqual([
      { etag: null, atMs: 1_000 },
      { etag: '"1"', atMs: 1_050 },
      { etag: '"1"', atMs: 1_100 },
    ]);
  });

  it('asks less often while control is gone, but never waits longer than half a second', async () => {
    const { clock, asked, poller } = polling([gone]);
    const stop = new AbortController();
    const run = poller.run(stop.signal);
    await clock.advance(3_000);
    stop.abort();
    await run;
    const pauses = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0));
    expect(pauses.slice(0, 5)).toEqual([100, 200, 400, 500, 500]);
    expect(poller.status()).toMatchObject({ lastError: 'refused' });
  });

  it('asks again with the old etag after a document that was refused', async () => {
    const { holder, asked, poller } = polling([
      () => ({ kind: 'document', document: document(second), etag: '"2"' }),
      () => ({ kind: 'document', document: document(first), etag: '"1"' }),
    ]);
    const { signal } = new AbortController();
    for (let poll = 0; poll < 3; poll++) await poller.poll(signal);
    expect(asked.map(({ etag }) => etag)).toEqual([null, '"2"', '"2"']);
    expect(holder.map?.placement.version).toBe(2);
    expect(poller.status().failuresInRow).toBe(2);
  });
});

describe('LastKnownGood', () => {
  let directory = '';
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function saved() {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-lkg-'));
    const path = join(directory, 'deep', 'map.json');
    const { clock, holder } = holding();
    const disk = new LastKnownGood({ clock, path });
    holder.accept(document(second, [ownerOf('c01', WEST, 8)]), control);
    disk.save(holder.map as CellMap);
    await disk.flush();
    return { path, clock, disk };
  }

  it('gives back what was saved, with its age', async () => {
    const { clock, disk } = await saved();
    clock.jump(700);
    const holder = new MapHolder({ clock, cells, onChange: () => undefined });
    expect(await disk.load(holder)).toBeNull();
    expect(holder.map).toMatchObject({ placement: { version: 2 }, source: 'disk' });
    expect(holder.map?.ownership.get(c01)).toEqual({ region: WEST, epoch: 8 });
    expect(holder.ageMs()).toBe(700);
  });

  it('says why when the file is missing, torn or changed, and leaves the holder empty', async () => {
    const { path, clock, disk } = await saved();
    const text = await readFile(path, 'utf8');
    const holder = new MapHolder({ clock, cells, onChange: () => undefined });
    for (const damaged of [
      '',
      'null',
      text.slice(0, 50),
      text.replace('"version":2', '"version":3'),
      '{"schema":"other"}',
    ]) {
      await writeFile(path, damaged);
      expect(await disk.load(holder)).toEqual(expect.any(String));
    }
    await rm(path);
    expect(await disk.load(holder)).toContain('ENOENT');
    expect(holder.map).toBeNull();
  });

  it('keeps serving when the disk refuses, and says so', async () => {
    const { path, clock } = await saved();
    const { holder } = holding();
    holder.accept(document(), control);
    const disk = new LastKnownGood({ clock, path: join(path, 'under-a-file') });
    disk.save(holder.map as CellMap);
    await disk.flush();
    expect(disk.lastError).toMatch(/EEXIST|ENOTDIR/);
  });
});
