/** Which release a process runs: kept over restarts, checked before it is run, changed in one region of a cell at a time. */
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../../core/fake-clock.ts';
import { cellId, regionName } from '../../../core/ids.ts';
import type { ProcessView } from '../../../local/platform-control.ts';
import { buildRelease } from '../../../local/releases/build-release.ts';
import type { ReleaseManifest } from '../../../local/releases/release-manifest.ts';
import { ReleaseShelf } from '../../../local/releases/release-shelf.ts';
import { spoilRelease } from '../../../local/releases/spoil-release.ts';
import { ProcessReleases } from '../../../local/supervisor/process-releases.ts';
import { type Replaceable, Replacements } from '../../../local/supervisor/replacement.ts';
import { checkout, removeTempDirs, tempDir } from './release-samples.ts';

const clock = new FakeClock();
const [EAST, WEST] = ['c01@us-east-1', 'c01@us-west-2'];
let dataDir = '';
let shelf: ReleaseShelf;
let offered: ReleaseShelf;
let first: ReleaseManifest;
let next: ReleaseManifest;

beforeEach(async () => {
  dataDir = await tempDir();
  shelf = new ReleaseShelf(join(dataDir, 'releases'));
  offered = new ReleaseShelf(await tempDir());
  const rootDir = await checkout();
  first = await buildRelease({ rootDir, shelf, clock });
  await buildRelease({ rootDir, shelf: offered, clock });
  next = await spoilRelease({ shelf: offered, good: first.name, with: { kind: 'harmless' }, name: 'next' });
});
afterEach(removeTempDirs);

const open = () => ProcessReleases.open({ shelf, offered: [offered], dataDir, first });

/** A process of which a test says whether it gets ready. */
class FakeProcess implements Replaceable {
  readonly name: string;
  readonly done: string[] = [];
  readonly #releases: ProcessReleases;
  #state: ProcessView['state'] = 'ready';
  getsReady = true;
  hold: Promise<void> = Promise.resolve();

  constructor(name: string, releases: ProcessReleases) {
    this.name = name;
    this.#releases = releases;
  }

  view(): ProcessView {
    const [cell = '', region = ''] = this.name.split('@');
    const places = { cell: cellId(cell), region: regionName(region) };
    return { name: this.name, kind: 'cell', ...places, pid: 1, state: this.#state, port: 1, url: null, restarts: 0 };
  }

  async end({ drainMs } = { drainMs: 0 }): Promise<void> {
    this.done.push(drainMs > 0 ? 'drained' : 'ended');
    this.#state = 'crashed';
    await this.hold;
  }

  async startWithin(): Promise<void> {
    this.done.push(`started with ${this.#releases.of(this.name).name}`);
    if (!this.getsReady) throw new Error('not ready in time');
    this.#state = 'ready';
  }
}

describe('the releases of processes', () => {
  it('are the one of the sources here until another is chosen, also after a restart on the same data', async () => {
    const releases = await open();
    expect(releases.of(EAST).name).toBe(first.name);
    await releases.choose(EAST, await releases.adopt('next'));
    const again = await open();
    expect([again.of(EAST).name, again.of(WEST).name]).toEqual(['next', first.name]);
    expect(await again.scriptFor(EAST)).toContain(join(dataDir, 'releases', 'next'));
    await again.settle(await again.adopt('next'));
    expect((await open()).of('c09@us-east-1').name).toBe('next');
  });

  it('are run from the own shelf only: what happens to the offered folder afterwards changes nothing', async () => {
    const releases = await open();
    await releases.choose(EAST, await releases.adopt('next'));
    await offered.remove('next');
    expect(await releases.scriptFor(EAST)).toContain('next');
  });

  it('are not run when a file of theirs was changed', async () => {
    const releases = await open();
    const script = await releases.scriptFor(EAST);
    await chmod(script, 0o644);
    await writeFile(script, 'evil');
    await expect(releases.scriptFor(EAST)).rejects.toMatchObject({ code: 'RELEASE_DAMAGED' });
  });

  it('are refused by name when there is none, with those that there are', async () => {
    await expect((await open()).adopt('nobody')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(`Allowed: ${first.name}, next`),
    });
  });

  it('do not pile up: what old starts left behind and nothing runs is removed', async () => {
    for (let n = 0; n < 14; n++) {
      await clock.advance(1_000);
      const listed = { 'local/hosts/cell-host.js': `// ${n}`, 'chunks/cell-A.js': '' };
      await buildRelease({ rootDir: await checkout({ listed }), shelf, clock, name: `old-${n}` });
      if (n > 0) continue;
      const releases = await open();
      await releases.choose(EAST, await releases.adopt('old-0'));
    }
    await open();
    expect((await readdir(shelf.dir)).sort()).toEqual(
      [first.name, 'old-0', ...Array.from({ length: 10 }, (_, n) => `old-${n + 4}`)].sort(),
    );
  });
});

describe('a replacement', () => {
  async function platform() {
    const releases = await open();
    const [east, west] = [EAST, WEST].map((name) => new FakeProcess(name, releases)) as [FakeProcess, FakeProcess];
    return { releases, east, west, replacements: new Replacements(releases) };
  }

  it('drains the process, keeps what was chosen, and starts it with the new release; once', async () => {
    const { east, releases, replacements } = await platform();
    await replacements.replace(east, { release: 'next' });
    await replacements.replace(east, { release: 'next' });
    expect(east.done).toEqual(['drained', 'started with next']);
    expect([releases.of(EAST).digest, (await open()).of(EAST).name]).toEqual([next.digest, 'next']);
  });

  it('touches nothing for a release that is not there or is damaged', async () => {
    const { east, replacements } = await platform();
    await expect(replacements.replace(east, { release: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { cellScript } = await offered.open('next');
    await chmod(cellScript, 0o644);
    await writeFile(cellScript, 'evil');
    await expect(replacements.replace(east, { release: 'next' })).rejects.toMatchObject({ code: 'RELEASE_DAMAGED' });
    expect(east.done).toEqual([]);
  });

  it('that does not get ready says so, and the one before can be put back', async () => {
    const { east, releases, replacements } = await platform();
    east.getsReady = false;
    await expect(replacements.replace(east, { release: 'next' })).rejects.toThrow('not ready in time');
    east.getsReady = true;
    await replacements.replace(east, { release: first.name });
    expect([releases.of(EAST).name, east.view().state]).toEqual([first.name, 'ready']);
  });

  it('is never made in both regions of a cell at once; the same one is joined', async () => {
    const { east, west, replacements } = await platform();
    let letGo: () => void = () => undefined;
    east.hold = new Promise((resolve) => {
      letGo = resolve;
    });
    const running = replacements.replace(east, { release: 'next' });
    await expect(replacements.replace(west, { release: 'next' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(`${EAST} is being replaced by next right now, so ${WEST} is left as it is`),
    });
    const joined = replacements.replace(east, { release: 'next' });
    letGo();
    await Promise.all([running, joined]);
    expect([east.done, west.done]).toEqual([['drained', 'started with next'], []]);
    await replacements.replace(west, { release: 'next' });
  });

  it('ordered by an orchestrator that was overtaken is refused, also after a restart', async () => {
    const { east, replacements } = await platform();
    await replacements.replace(east, { release: 'next', token: 7 });
    await expect(replacements.replace(east, { release: first.name, token: 6 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('comes too late'),
    });
    const later = new Replacements(await open());
    await expect(later.replace(east, { release: first.name, token: 6 })).rejects.toMatchObject({ effect: 'none' });
    // By hand, at the operator's own risk.
    await later.replace(east, { release: first.name });
  });
});
