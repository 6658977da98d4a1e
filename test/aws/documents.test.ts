/**
 * Documents in an account: published with an operator's credentials on the arbiter, confirmed by the services' functions, which are
 * asked by Lambda's Invoke; and a rollout of one that its publisher left behind, in the hands of another operator.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DOCUMENTS_ERRAND } from '../../cell/functions/documents-errand.ts';
import { DOCUMENTS_SPREAD_MS } from '../../cell/on-demand-cell.ts';
import type { RolloutStatus } from '../../cli/rollout/rollout-operator.ts';
import { documentType } from '../../core/documents/document-types.ts';
import { CELL, EAST, WEST } from '../cli/aws-world.ts';
import { jsonOf } from '../cli/fake-cli.ts';
import { OPERATOR_CLOCK, worldOfSuite } from './rollout-world.ts';

const world = worldOfSuite();

const ranking = (weight: number) => ({ features: [{ name: 'whole-word', weight }] });
function file(body: unknown): string {
  const path = join(world.cells.stateDir, 'body.json');
  writeFileSync(path, JSON.stringify(body));
  return path;
}
const rollouts = async () => (jsonOf(await world.run('deploy status --json')) as RolloutStatus).rollouts;
async function untilBaking(): Promise<void> {
  for (let look = 0; look < 200; look++) {
    if ((await rollouts())[0]?.position.at === 'bake') return;
    await OPERATOR_CLOCK.sleep(50);
  }
  throw new Error('no wave bakes');
}
const shown = async () => JSON.parse((await world.run('document show ranking')).stdout.replace(/^[^{]*/, ''));
/** Version that the functions of each region said they run. */
async function running(): Promise<readonly (number | null)[]> {
  const operator = await (await world.cells.site({ clock: OPERATOR_CLOCK })).documents();
  const seen = await operator.running(documentType('ranking'), CELL);
  operator.close();
  return seen.map(({ version }) => version);
}

describe('holdfast document --target aws', () => {
  it('publishes at once what only takes load away, and asks nobody but the arbiter for it', async () => {
    world.cells.calls.length = 0;
    const limits = file({ concurrentRequestsMax: 64, tenantRequestsPerSecondMax: 500 });
    const { exitCode, stdout } = await world.run(`document publish limits ${limits} --force --why sale`);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('limits@1 is in force everywhere.')]);
    expect(world.cells.calls).toEqual([]);
  });

  it('lists what the functions of the cells say that they run, each asked by its alias', async () => {
    const { stdout } = await world.run('document list');
    expect(stdout).toMatch(/limits +1 /);
    const asked = world.cells.calls.filter(({ body }) => JSON.stringify(body) === JSON.stringify(DOCUMENTS_ERRAND));
    expect(new Set(asked.map(({ region }) => region))).toEqual(new Set([EAST, WEST]));
    expect(new Set(asked.map(({ path }) => /holdfast-c01-[a-z]+:live/.exec(path)?.[0]))).toEqual(
      new Set(['cart', 'catalog', 'checkout'].map((service) => `holdfast-c01-${service}:live`)),
    );
  });

  it('watches a wave until every environment has looked at the shelves, and gives way to an abort meanwhile', async () => {
    const publishing = world.run(`document publish ranking ${file(ranking(5))} --why trial --bake 1s`);
    await untilBaking();
    const [record] = await rollouts();
    expect(record).toMatchObject({ what: 'ranking@1', bakeMs: DOCUMENTS_SPREAD_MS });
    expect(await running()).toEqual([1, 1]);
    expect(await world.run('deploy abort --why second-thoughts')).toMatchObject({ exitCode: 0 });
    expect(await publishing).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('taken back (aborted)') });
    expect(await shown()).not.toEqual(ranking(5));
    expect(await running()).toEqual([2, 2]);
  });

  it('is taken back by another operator when its publisher is gone', async () => {
    const operator = await (await world.cells.site({ clock: OPERATOR_CLOCK })).documents();
    const wish = { type: documentType('ranking'), text: JSON.stringify(ranking(6)), why: 'trial', force: false };
    const dies = ({ position }: { readonly position: { readonly at: string } }) => {
      if (position.at === 'bake') throw new Error('the laptop is shut');
    };
    const publishing = operator.publish(await operator.plan(wish), { bakeMs: 1_000, forced: [], onProgress: dies });
    await expect(publishing).rejects.toThrow('the laptop is shut');
    operator.close();
    expect((await rollouts())[0]).toMatchObject({ what: 'ranking@3', state: 'running', position: { at: 'bake' } });
    const { exitCode, stdout } = await world.run('deploy abort --why found-it-so');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('Rollout 2 of ranking@3 was taken back')]);
    expect(await running()).toEqual([4, 4]);
    expect(await shown()).not.toEqual(ranking(6));
  });

  it('is refused while an alarm of a cell rings, and stays a draft that nobody runs', async () => {
    world.cloud.account.alarms.add('us-east-1 holdfast-cell-c01-us-east-1-Errors');
    const refused = await world.run(`document publish ranking ${file(ranking(7))} --why trial`);
    world.cloud.account.alarms.clear();
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('alarms is closed')]);
    expect(await running()).toEqual([4, 4]);
  });
});
