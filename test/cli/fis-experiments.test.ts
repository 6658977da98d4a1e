/** Experiments of AWS FIS by signed requests, and what shows of them from outside: nothing is left running, nothing is taken at its word. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { journalPk } from '../../cell/store/table-layout.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { AwsExperiments } from '../../cli/aws/aws-experiments.ts';
import { aimOf, FIS_DRILL_NAMES } from '../../cli/aws/fis-drills.ts';
import { FisEffects } from '../../cli/aws/fis-effects.ts';
import { DRILL_TAG, faultExperiments } from '../../control/aws/fault-experiments.ts';
import { systemClock } from '../../core/clock.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { synthesise } from '../../infra/app.ts';
import platform from '../../platform.config.ts';
import { FakeFis } from '../aws/fake-fis.ts';
import { FaultyTable } from '../doubles/faulty-table.ts';
import { plainBundles } from '../infra/plain-bundles.ts';

const [EAST, WEST] = ['us-east-1', 'us-west-2'];
const topology = defaultTopology({ cells: 3 });
const keys = async () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'token' });
let fis: FakeFis;
let url = '';
beforeEach(async () => {
  fis = new FakeFis(['slow-cell', 'dead-cell']);
  url = await fis.start();
});
afterEach(() => fis.stop());

const of = (region: string) => faultExperiments({ region, keys, clock: systemClock, url });
const drill = () =>
  new AwsExperiments({ experiments: of, regions: [EAST, WEST], clock: systemClock, effect: async () => null });

describe('an experiment', () => {
  it('is started by the name of its template and carries the tag of drills; the same token starts it once', async () => {
    const first = await of(EAST).start('slow-cell', 't1');
    expect(await of(EAST).start('slow-cell', 't1')).toEqual(first);
    expect(fis.experiments).toMatchObject([{ name: 'slow-cell', region: EAST, tags: { [DRILL_TAG]: 'slow-cell' } }]);
  });

  it('that has no template in the region is refused with what to do', async () => {
    await expect(of(WEST).start('dead-region', 't1')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(
        /us-west-2 has no experiment template holdfast-dead-region\. .*aws\.faultInjection/,
      ),
    });
  });

  it('that has ended may be stopped again', async () => {
    const { id } = await of(EAST).start('slow-cell', 't1');
    await of(EAST).stop(id);
    expect(await of(EAST).state(id)).toEqual({ status: 'stopped', reason: null });
    await of(EAST).stop(id);
  });
});

describe('what drills left running', () => {
  it('is found and ended by another process, in every region; what others started is left alone', async () => {
    await drill().begin({ name: 'slow-cell', region: EAST });
    await drill().begin({ name: 'dead-cell', region: WEST });
    const byHand = { id: 'EXP9', name: 'dead-cell', region: EAST, token: 'x', tags: {}, reason: null, looks: 0 };
    fis.experiments.push({ ...byHand, status: 'running' });
    const ended = await drill().endLeft();
    expect(ended.map(({ name, region }) => [name, region])).toEqual([
      ['slow-cell', EAST],
      ['dead-cell', WEST],
    ]);
    expect(fis.experiments.map(({ status }) => status)).toEqual(['stopped', 'stopped', 'running']);
    expect(await drill().left()).toEqual([]);
  });

  it('by this process alone is what it ends by itself', async () => {
    const [mine, theirs] = [drill(), drill()];
    await mine.begin({ name: 'slow-cell', region: EAST });
    await theirs.begin({ name: 'dead-cell', region: EAST });
    await mine.endBegun();
    expect(fis.experiments.map(({ status }) => status)).toEqual(['stopped', 'running']);
  });
});

describe('the aim of a drill', () => {
  it('is a template that the stacks have, and every template is a drill', () => {
    const devIssuer = { issuer: 'http://localhost/issuer', jwks: '{"keys":[]}' };
    const { stacks } = synthesise(platform, { bundles: plainBundles(), devIssuer, validate: false });
    const region = stacks.find(({ stackName }) => stackName === 'holdfast-region-us-east-1');
    const resources = Object.values(region?.template.Resources ?? {}) as readonly {
      Type: string;
      Properties: unknown;
    }[];
    const names = resources
      .filter(({ Type }) => Type === 'AWS::FIS::ExperimentTemplate')
      .map(({ Properties }) => (Properties as { Tags: { Name: string } }).Tags.Name.replace('holdfast-', ''));
    expect([...names].sort()).toEqual([...FIS_DRILL_NAMES].sort());
  });

  it('is the first wave, or all that has a place in the region', () => {
    expect(aimOf(topology, { name: 'slow-cell', region: WEST })).toEqual({ kind: 'slow', cells: ['c01'] });
    expect(aimOf(topology, { name: 'no-replication', region: WEST }).cells).toEqual(['c01', 'c02', 'c03']);
  });
});

describe('what shows of an experiment', () => {
  const store = new FaultyTable(new MemoryTable());
  const arbiter = new FaultyTable(new MemoryTable());
  const effects = new FisEffects({
    aimOf: (one) => aimOf(topology, one),
    urlOf: () => 'http://127.0.0.1:9',
    functions: () => ({ invoke: async () => ({ body: null, functionError: null }) }),
    ...{ arbiter: () => arbiter, store: () => store, clock: systemClock },
  });
  const seen = (name: string) => effects.seen({ name, region: EAST });

  it('is an entry that two looks find in a journal', async () => {
    const bounds = { deadlineAtMs: Number.POSITIVE_INFINITY };
    expect(await seen('no-replication')).toBeNull();
    const key = { pk: journalPk(1), sk: 'cart/acme/jane#0#1' };
    await store.write({ kind: 'put', item: { ...key, commit: '{}' } }, bounds);
    expect(await seen('no-replication')).toBeNull();
    expect(await seen('no-replication')).toMatch(/entries of the journals in us-east-1 were there at two looks/);
    await store.write({ kind: 'delete', key }, bounds);
    expect(await seen('no-replication')).toBeNull();
  });

  it('is an arbiter that does not answer in the region', async () => {
    expect(await seen('arbiter-cut-off')).toBeNull();
    arbiter.state = 'timeout';
    expect(await seen('arbiter-cut-off')).toBe('the arbiter does not answer a strong read in us-east-1');
  });

  it('is not a service that can’t be reached at all: that may be anybody’s fault', async () => {
    expect(await seen('dead-cell')).toBeNull();
  });

  it('is nothing while one keeper of several is well', async () => {
    expect(await seen('silent-keepers')).toBeNull();
  });
});
