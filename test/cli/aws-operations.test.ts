/**
 * The operations on AWS, on the platform's own cells over real engines and a stand-in for Lambda: what an operator's
 * credentials do without any control function, and what is only ever done by the owner.
 */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { cellTableName, quarantineItem } from '../../cell/store/table-layout.ts';
import { DRILL_TAG } from '../../control/aws/fault-experiments.ts';
import type { Commit } from '../../core/commit.ts';
import { aggregateId } from '../../core/ids.ts';
import { CATALOG } from '../../drills/catalog/index.ts';
import { AwsWorld, CELL, CLOCK, EAST, WEST } from './aws-world.ts';
import { type CliRun, cli, fakeServices, jsonOf } from './fake-cli.ts';

jest.setTimeout(120_000);
const world = new AwsWorld();
const services = fakeServices({
  clock: CLOCK,
  topology: async () => world.topology,
  aws: () => world.site(),
  drills: async () => ({ drills: CATALOG }) as never,
});
const run = (line: string) => cli(`${line} --target aws`, services);
/** A refusal, because something has not been shipped yet or a busy machine answered late, is asked again as a person would. */
async function moved(line: string, by: (line: string) => Promise<CliRun> = run): Promise<string> {
  let last: CliRun | undefined;
  for (let attempt = 0; attempt < 5; attempt++) {
    last = await by(line);
    if (last.exitCode === 0) return last.stdout;
    await CLOCK.sleep(100);
  }
  throw new Error(`${line}: ${last?.stdout}\n${last?.stderr}`);
}
const within = () => ({ deadlineAtMs: CLOCK.monotonicMs() + 3_000 });
const until = async (holds: () => boolean | Promise<boolean>) => {
  for (let look = 0; look < 200 && !(await holds()); look++) await CLOCK.sleep(20);
};
const standing = (region: string) => world.cells.get(region)?.runtime.standing();

beforeAll(async () => {
  await world.start();
  await until(() => standing(EAST)?.state === 'active');
}, 120_000);
afterAll(() => world.stop(), 120_000);

async function write(value: number): Promise<void> {
  const store = world.cells.get(standing(EAST)?.state === 'active' ? EAST : WEST)?.runtime.store;
  const aggregate = aggregateId('stock/acme/mug');
  const expected = (await store?.read(aggregate, within()))?.head ?? null;
  const changes = [{ kind: 'put', item: 'level', data: { available: value } }] as const;
  await store?.commit({ aggregate, class: 'strict', expected, changes }, { ...within(), ack: 'replicated' });
}

describe('holdfast status --target aws', () => {
  it('reads owner, epoch, fences, journals and quarantine from the tables, and says what they cannot tell', async () => {
    await write(1);
    const { stdout, exitCode } = await run('status');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('the tables say nothing bad');
    expect(stdout).toMatch(/c01 +us-east-1 \(home\) +holder +1 +TTL 5 min, renewal \d+ +1 for us-east-1 +\d /);
    expect(stdout).toContain('Not known from tables:\n  whether the holder of a lease still renews it');
    expect(world.calls).toEqual([]);
  });
});

describe('holdfast failover --target aws', () => {
  it('moves a cell with credentials on tables alone; the keeper is rung in the receiving region, asynchronously', async () => {
    await write(2);
    const stdout = await moved('failover run c01 --planned --reason maintenance');
    expect(stdout).toMatch(/fence[\s\S]*drain[\s\S]*release[\s\S]*open/);
    expect(world.calls).toContainEqual({
      ...{ region: WEST, method: 'POST', invocationType: 'Event', body: { holdfast: 'ring' } },
      path: '/2015-03-31/functions/holdfast-c01-keeper:live/invocations',
    });
    expect(standing(WEST)).toMatchObject({ state: 'active', epoch: 2 });
    expect(jsonOf(await run('status --json'))).toMatchObject({ troubles: ['c01 is away from home'] });
  });

  it('does not need the doorbell: the keeper looks by itself', async () => {
    world.reply = () => ({ status: 500, body: { message: 'Lambda is not well' } });
    await moved('failover back c01').finally(() => {
      world.reply = null;
    });
    expect(standing(EAST)).toMatchObject({ state: 'active', epoch: 3 });
  });

  it('runs from the region that is named, and from the receiving one by default', async () => {
    const named = jsonOf(await run('failover plan c01 --from-region us-east-1 --json'));
    expect([named, jsonOf(await run('failover plan c01 --json'))]).toMatchObject([{ region: EAST }, { region: WEST }]);
  });
});

describe('holdfast quarantine --target aws', () => {
  const id = 'stock/acme/mug#0000000001#000000000099';

  async function quarantine(): Promise<void> {
    const table = await world.table(WEST, cellTableName(CELL));
    const revision = { epoch: 1, version: 99 };
    const commit: Commit = {
      ...{
        aggregate: aggregateId('stock/acme/mug'),
        class: 'strict',
        ...revision,
        previous: { epoch: 1, version: 98 },
      },
      ...{
        lineage: [revision],
        origin: WEST,
        changes: [{ kind: 'put' as const, item: 'level', data: { available: 7 } }],
      },
      ...{ idempotency: null, outbox: [], outboxDone: [], atMs: 0 },
    };
    const item = quarantineItem({ id, commit, fenceEpoch: 3, quarantinedAtMs: 0 });
    await table.write({ kind: 'put', item }, within());
  }

  it('is listed and shown from the tables, whether or not any function answers', async () => {
    await quarantine();
    world.calls.length = 0;
    expect((await run('quarantine list')).stdout).toMatch(/c01 +stock\/acme\/mug@1\.99 +us-west-2 +3/);
    expect((await run('quarantine show stock/acme/mug@1.99')).stdout).toMatch(
      /level +{"available":7} +{"available":2}/,
    );
    expect(world.calls.filter(({ path }) => path.includes('relay'))).toEqual([]);
  });

  it('carries a refusal of the owner back with its reason', async () => {
    const { exitCode, stderr } = await run('quarantine adopt stock/acme/mug@1.99 --reason counted');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('adopt of stock/acme/mug 1.99 was refused')]);
  });

  it('says that the outcome is unknown when the owner does not answer, and leaves the row', async () => {
    world.reply = () => ({ status: 200, functionError: 'Unhandled', body: { errorMessage: 'Task timed out' } });
    const { exitCode, stderr } = await run('quarantine discard stock/acme/mug@1.99 --reason counted');
    world.reply = null;
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('repeat it, nothing is done twice')]);
    expect((await run('quarantine list')).stdout).toContain('stock/acme/mug@1.99');
  });

  it('is settled by the relay of the owner, which is asked to and waited for', async () => {
    world.calls.length = 0;
    const { stdout, exitCode } = await run('quarantine discard stock/acme/mug@1.99 --reason counted');
    expect([exitCode, stdout]).toEqual([0, 'stock/acme/mug in c01: discarded (counted).\n']);
    expect(world.calls).toEqual([
      {
        ...{ region: EAST, method: 'POST', path: '/2015-03-31/functions/holdfast-c01-relay:live/invocations' },
        invocationType: 'RequestResponse',
        body: {
          holdfast: 'settle',
          order: { id, wish: 'discard', reason: 'counted', by: expect.stringContaining('by hand') },
        },
      },
    ]);
    expect((await run('quarantine settled')).stdout).toMatch(/c01 +stock\/acme\/mug@1\.99 +discarded/);
  });
});

describe('a region that is gone with its store', () => {
  it('is told as silent, and its cell is taken over from the surviving region after its lease', async () => {
    const short = await new AwsWorld({ leaseTtlMs: 800 }).start();
    const there = fakeServices({ clock: CLOCK, aws: () => short.site() });
    try {
      await until(() => short.cells.get(EAST)?.runtime.standing().state === 'active');
      await short.cells.get(EAST)?.stop();
      await short.loseStore(EAST);
      const before = jsonOf(await cli('status --target aws --json', there)) as { troubles: readonly string[] };
      expect(before.troubles).toContain('the store of c01 in us-east-1 does not answer');
      const stdout = await moved('failover run c01 --reason lost', (line) => cli(`${line} --target aws`, there));
      expect(stdout).toMatch(/wait[\s\S]*release[\s\S]*open/);
    } finally {
      await short.stop();
    }
  });
});

describe('holdfast drill --target aws', () => {
  it('asks for consent first, and touches nothing without', async () => {
    world.calls.length = 0;
    const { exitCode, stderr } = await run('drill run switchover');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Say --confirm if you mean it')]);
    expect(world.calls).toEqual([]);
  });

  it('refuses a drill that needs links or processes to hurt', async () => {
    const { exitCode, stderr } = await run('drill run split-brain --confirm');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Allowed: region-lost, switchover, zombie-writer')]);
    expect((await run('drill list')).stdout).toMatch(/slow-cell +AWS FIS: services of the first wave answer 5 s late/);
  });

  it('says that nothing is deployed when the router has no URL', async () => {
    const { exitCode, stderr } = await run('drill run switchover --confirm');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('Deploy first: holdfast deploy --target aws')]);
  });

  it('does not begin while an earlier one has left an experiment running, and ends it when asked to', async () => {
    const tags = { [DRILL_TAG]: 'dead-region' };
    const left = { id: 'EXP1', name: 'dead-region', region: WEST, token: 't', tags, reason: null, looks: 0 };
    world.fis.experiments.push({ ...left, status: 'running' });
    const { exitCode, stderr } = await run('drill run switchover --confirm');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('dead-region runs in us-west-2. Run "holdfast drill heal'),
    ]);
    expect((await run('drill heal')).stdout).toBe('the experiment dead-region in us-west-2: ended\n');
    expect(world.fis.experiments[0]?.status).toBe('stopped');
  });

  it('heals what is left, and says when nothing is', async () => {
    expect((await run('drill heal')).stdout).toBe('Nothing is left behind.\n');
  });
});
