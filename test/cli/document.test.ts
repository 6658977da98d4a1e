/** The `document` commands on an arbiter in memory: what they print, what they refuse, with which exit code. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { placementKey } from '../../cell/placement-copy.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { documentOperator } from '../../cli/document-operator.ts';
import type { OperatorPorts } from '../../cli/operator-ports.ts';
import type { CliServices } from '../../cli/services.ts';
import { tableAutomationStore } from '../../control/adapters/table-automation-store.ts';
import { tableMapSource } from '../../control/adapters/table-map-source.ts';
import { tableTimeline } from '../../control/adapters/table-timeline.ts';
import type { DocumentEyes } from '../../control/documents/document-eyes.ts';
import type { Gate } from '../../control/rollout/rollout-executor.ts';
import { buildPlacement, cellOf, decodePlacement, encodePlacement } from '../../core/cell-map.ts';
import { systemClock } from '../../core/clock.ts';
import { type PlacementBody, placementFrom } from '../../core/documents/placement-document.ts';
import { regionName, tenantId } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import topology from '../../platform.config.ts';
import { sampleOf } from '../documents/document-samples.ts';
import { cli, jsonOf, runningServices } from './fake-cli.ts';

const MACHINE = { clock: systemClock, rng: seededRng(1) };
const MINUTE_MS = 60_000;

/** Cells that run at once whatever the shelf gives them. */
class Desk {
  readonly arbiter = new MemoryTable();
  readonly timeline = tableTimeline({ arbiter: this.arbiter, clock: systemClock });
  gates: readonly Gate[] = [];

  services(): CliServices {
    const { arbiter, timeline } = this;
    const automation = tableAutomationStore({ arbiter, clock: systemClock });
    const ports = { arbiter, timeline, automation, close: () => undefined } as unknown as OperatorPorts;
    const eyes: DocumentEyes = {
      look: async ({ cell, type }) => {
        const { staged, stable } = await operator.shelf({ name: type } as never);
        const version = staged?.cells.includes(cell) ? staged.edition.version : (stable?.version ?? 0);
        return [{ region: regionName('us-east-1'), version, refused: null }];
      },
    };
    const operator = documentOperator({ topology, ports, eyes, machine: MACHINE, gates: async () => this.gates });
    return runningServices({ clock: systemClock, documents: async () => operator });
  }
}

let desk: Desk;
let dir: string;
beforeEach(async () => {
  desk = new Desk();
  dir = await mkdtemp(join(tmpdir(), 'holdfast-document-cli-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const closedGate = (gate: string): Gate => ({
  name: gate,
  midCell: false,
  look: async () => ({ gate, state: 'closed', detail: 'somebody said so' }),
});

async function file(body: unknown): Promise<string> {
  const path = join(dir, 'body.json');
  await writeFile(path, typeof body === 'string' ? body : JSON.stringify(body, null, 2));
  return path;
}
/** As the platform's own publisher does when there is none. */
const publishFirst = () =>
  tableMapSource({ arbiter: desk.arbiter, clock: systemClock }).publishFirst(
    encodePlacement(buildPlacement(topology.cells)),
    1_000,
  );
const cellNow = (body: PlacementBody, tenant: string) => cellOf(placementFrom(body, 1), tenantId(tenant));
const run = (line: string) => cli(line, desk.services());
const limits = (concurrentRequestsMax: number) => ({ concurrentRequestsMax, tenantRequestsPerSecondMax: 10_000 });
const ranking = (...names: string[]) => ({ features: names.map((name) => ({ name, weight: 1 })) });

describe('holdfast document', () => {
  it('lists every type', async () => {
    const listed = await run('document list');
    expect([listed.exitCode, listed.stdout]).toEqual([
      0,
      expect.stringMatching(/limits +bundled[\s\S]*ranking[\s\S]*placement +bundled/),
    ]);
    await publishFirst();
    expect(jsonOf(await run('document list --json'))).toMatchObject({
      types: [
        ...[{ name: 'limits', version: 0 }, { name: 'sampling' }, { name: 'ranking' }, { name: 'modes' }],
        { name: 'placement', version: 1, by: 'the platform' },
      ],
    });
  });

  it('publishes a placement everywhere at once, by force where it moves somebody, and takes it back', async () => {
    await publishFirst();
    const shown = jsonOf(await run('document show placement --json')) as { version: number; body: PlacementBody };
    expect(shown.version).toBe(1);
    const tenant = ['ann', 'bob', 'cleo', 'dan'].find((name) => cellNow(shown.body, name) !== 'c02') ?? 'nobody';
    const path = await file({ ...shown.body, pinned: [{ tenant, cell: 'c02' }] });
    const refused = await run(`document publish placement ${path} --why=trial`);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/stays in the old one[\s\S]*--force/),
    ]);
    const published = await run(`document publish placement ${path} --why=trial --force --json`);
    expect([published.exitCode, jsonOf(published)]).toEqual([
      0,
      expect.objectContaining({ road: 'at-once', version: 2, forced: [expect.objectContaining({ kind: 'delta' })] }),
    ]);
    // Where publishers of the cell map and cells look.
    const source = tableMapSource({ arbiter: desk.arbiter, clock: systemClock });
    const sent = decodePlacement(await source.placement(1_000));
    expect([sent.version, cellOf(sent, tenantId(tenant))]).toEqual([2, 'c02']);
    expect((await run('document history placement')).stdout).toMatch(
      /placement@2[\s\S]*in force[\s\S]*trial[\s\S]*forced:[\s\S]*placement@1[\s\S]*the first placement/,
    );
    expect(jsonOf(await run('document rollback placement --why=back --json'))).toMatchObject({
      version: 3,
      restores: 1,
    });
    expect(decodePlacement(await source.placement(1_000))).toMatchObject({ version: 3, overrides: new Map() });
  });

  it('puts a placement in the place of one that nobody can read', async () => {
    await desk.arbiter.write({ kind: 'put', item: { ...placementKey, version: 4, body: '{"schema":' } });
    expect((await run('document show placement')).stderr).toMatch(/can't be read[\s\S]*document rollback placement/);
    const back = await run('document rollback placement --to 0 --why=damaged --json');
    expect([back.exitCode, jsonOf(back)]).toEqual([0, expect.objectContaining({ version: 5, restores: 0 })]);
    expect(jsonOf(await run('document show placement --json'))).toMatchObject({ version: 5, body: { pinned: [] } });
  });

  it('publishes at once what only takes load away, tells the timeline, and takes it back', async () => {
    const published = await run(`document publish limits ${await file(limits(256))} --why=careful`);
    expect([published.exitCode, published.stdout]).toEqual([
      0,
      expect.stringMatching(/limits@1 is in force everywhere[\s\S]*512 → 256/),
    ]);
    expect(jsonOf(await run('document show limits --json'))).toMatchObject({ version: 1, body: limits(256) });
    expect(jsonOf(await run('document diff limits --at 0 --json'))).toMatchObject({
      differences: [{ before: 256, after: 512 }],
    });
    const back = await run('document rollback limits --why=enough --json');
    expect([back.exitCode, jsonOf(back)]).toEqual([0, expect.objectContaining({ version: 2, restores: 0 })]);
    const history = jsonOf(await run('document history limits --json')) as {
      editions: { version: number; why: string }[];
    };
    expect(history.editions.map(({ version, why }) => `${version} ${why}`)).toEqual(['2 enough', '1 careful']);
    const nowMs = systemClock.wallMs();
    const lately = { fromMs: nowMs - MINUTE_MS, toMs: nowMs + MINUTE_MS };
    const { entries } = await desk.timeline.read(lately, { withinMs: 1_000 });
    expect(entries.map(({ scope }) => scope.document)).toEqual(['limits@1', 'limits@2']);
  });

  it('publishes the rest through the waves', async () => {
    const published = await run(
      `document publish ranking ${await file(ranking('whole-word', 'term:mug'))} --why=mugs --bake 1s --json`,
    );
    expect([published.exitCode, jsonOf(published)]).toEqual([
      0,
      expect.objectContaining({ road: 'waves', version: 1, rollout: expect.objectContaining({ state: 'done' }) }),
    ]);
    const again = await run(`document publish ranking ${await file(ranking('whole-word', 'term:mug'))} --why=mugs`);
    expect([again.exitCode, again.stdout]).toEqual([0, expect.stringMatching(/says that already/)]);
  });

  it('refuses what changes too much at once unless it is forced, and keeps what was forced', async () => {
    const path = await file(limits(9));
    const refused = await run(`document publish limits ${path} --why=x`);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/from 512 to 9[\s\S]*factor of 4[\s\S]*--force/),
    ]);
    expect(jsonOf(await run('document history limits --json'))).toMatchObject({ editions: [] });
    expect((await run(`document publish limits ${path} --why=x --force`)).exitCode).toBe(0);
    expect(jsonOf(await run('document history limits --json'))).toMatchObject({
      editions: [{ forced: expect.arrayContaining([expect.stringMatching(/512 to 9/)]) }],
    });
  });

  it('passes a gate by only if it is one that may be, and only by its name', async () => {
    desk.gates = [closedGate('freeze'), closedGate('answers')];
    const path = await file(ranking('term:mug'));
    const refused = await run(`document publish ranking ${path} --why=mugs`);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringMatching(/freeze is closed/)]);
    const wrong = await run(`document publish ranking ${path} --why=mugs --force-gate answers`);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringMatching(/can't be forced[\s\S]*freeze/)]);
    desk.gates = [closedGate('freeze')];
    const passed = await run(`document publish ranking ${path} --why=mugs --bake 1s --force-gate freeze --json`);
    expect([passed.exitCode, jsonOf(passed)]).toEqual([
      0,
      expect.objectContaining({ rollout: expect.objectContaining({ state: 'done' }) }),
    ]);
  });

  it('never forces what is wrong', async () => {
    const path = await file({ ...limits(256), cells: [{ cell: 'c99' }] });
    const refused = await run(`document publish limits ${path} --why=x --force`);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringMatching(/unknown cell c99[\s\S]*Correct it/)]);
  });

  it.each([
    ['is no JSON', '{', /Not JSON/],
    ['has a key twice', '{"features":[],"features":[]}', /stands twice/],
    ['has a feature twice', JSON.stringify(ranking('term:a', 'term:a')), /more than once/],
    ['is far too long', ' '.repeat(600_000), /bytes/],
  ])('refuses a file that %s, wherever it is judged', async (_what, text, reason) => {
    const path = await file(text);
    for (const line of [
      `document publish ranking ${path} --why=x`,
      `document validate ranking ${path}`,
      `document diff ranking ${path}`,
    ]) {
      const refused = await run(line);
      expect([line, refused.exitCode, refused.stderr]).toEqual([line, 1, expect.stringMatching(reason)]);
    }
  });

  it('judges a file without publishing it', async () => {
    const valid = await run(`document validate modes ${await file(sampleOf('modes'))}`);
    expect([valid.exitCode, valid.stdout]).toEqual([1, expect.stringMatching(/ended/)]);
    const path = await file(ranking('term:mug'));
    expect(jsonOf(await run(`document validate ranking ${path} --json`))).toMatchObject({
      valid: true,
      road: 'waves',
      objections: [],
    });
    expect((await run(`document diff ranking ${path}`)).stdout).toMatch(/\+ \$\.features\[term:mug\]/);
    expect(jsonOf(await run('document history ranking --json'))).toMatchObject({ editions: [], stable: 0 });
  });

  it.each([
    ['document show limitz', 2, /Did you mean limits/],
    ['document publish limits --why=x', 2, /Missing required argument/],
    ['document publish limits nowhere.json --why=x', 2, /can't be read/],
    ['document rollback limits', 2, /--why/],
    ['document rollback limits --why=x', 1, /nothing before it/],
    ['document rollback limits --to 7 --why=x', 1, /no edition limits@7[\s\S]*Allowed: 0/],
    ['document show limits --at 7', 1, /no edition/],
    ['document diff limits', 2, /--at/],
    ['document publish placemnt x --why=y', 2, /Did you mean placement/],
  ])('refuses "%s"', async (line, exitCode, reason) => {
    const refused = await run(line);
    expect([refused.exitCode, refused.stderr]).toEqual([exitCode, expect.stringMatching(reason)]);
  });

  it('wants a reason that says something', async () => {
    const refused = await run(`document publish limits ${await file(limits(256))} --why= --json`);
    expect([refused.exitCode, jsonOf(refused)]).toEqual([
      2,
      { error: expect.objectContaining({ code: 'INVALID_INPUT' }) },
    ]);
  });
});
