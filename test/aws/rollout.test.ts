/**
 * A release in stages, in an account: the commands as people type them, over the toolkit, the kept assemblies, the operator's
 * own coordinator and the gates of AWS, against the fake endpoint and real engines. The tests tell one story, in order.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EAST, WEST } from '../cli/aws-world.ts';
import { BAD_RELEASE, worldOfSuite } from './rollout-world.ts';

const world = worldOfSuite();

describe('holdfast deploy plan --target aws', () => {
  it('keeps what was synthesised, says what the gates see, and changes nothing', async () => {
    expect(world.operations().flat()).toContain('create holdfast-cell-c01-us-west-2');
    const planned = await world.run(`deploy plan --assembly ${world.assembly('r2')}`);
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('It would begin.') });
    expect(planned.stdout).toMatch(/^r2: each cell takes[\s\S]*wave 1 +c01/);
    expect(planned.stdout).toMatch(/alarms +open +no alarm rings/);
    expect(planned.stdout).toMatch(/probes +open +0 of \d+ probes failed/);
    expect(planned.stdout).toMatch(/lag +open +at most \d+ ms behind/);
    expect(world.operations()).toEqual([[], []]);
  });

  it('refuses a release whose assembly is not here', async () => {
    const { exitCode, stderr } = await world.run('deploy plan --release r9');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('The assembly of release "r9" is not in ')]);
  });
});

describe('holdfast deploy run --target aws', () => {
  it('replaces the side that stands by, moves the cell, replaces the other, and moves it home', async () => {
    world.asked.length = 0;
    const run = await world.run('deploy run --release r2 --bake 1s');
    expect([run.exitCode, run.stdout]).toEqual([0, expect.stringMatching(/^Done: Rollout 1 of r2 reached c01/)]);
    expect(run.stderr).toMatch(/us-west-2 stands by with it[\s\S]*us-west-2 is active[\s\S]*us-east-1 is active/);
    expect(world.operations()).toEqual([
      ['update holdfast-cell-c01-us-east-1'],
      ['update holdfast-cell-c01-us-west-2'],
    ]);
    expect([world.releaseIn(EAST), world.releaseIn(WEST), world.holder]).toEqual(['r2', 'r2', EAST]);
  });

  it('has asked the functions of both regions with a signature, and the routers as a tenant', () => {
    const signed = world.asked.filter(({ headers }) => headers.authorization?.startsWith('AWS4-HMAC-SHA256'));
    const asTenant = world.asked.filter(({ headers }) => headers.authorization?.startsWith('Bearer '));
    expect(new Set(signed.map(({ region }) => region))).toEqual(new Set([EAST, WEST]));
    expect(new Set(signed.map(({ headers }) => headers['x-holdfast-cell']))).toEqual(new Set(['c01']));
    expect(new Set(asTenant.map(({ region }) => region))).toEqual(new Set([EAST, WEST]));
    expect(signed.length + asTenant.length).toBe(world.asked.length);
  });

  it('is refused while an alarm of a cell rings, in whichever region; those of others do not count', async () => {
    world.cloud.account.alarms.add('us-west-2 somebody-elses');
    world.cloud.account.alarms.add('us-west-2 holdfast-cell-c01-us-west-2-Errors');
    const refused = await world.run('deploy run --release r1 --bake 1s');
    world.cloud.account.alarms.clear();
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringMatching(
        /alarms is closed \(holdfast-cell-c01-us-west-2-Errors in us-west-2\. Allowed: none in ALARM/,
      ),
    ]);
    expect(world.operations()).toEqual([[], []]);
  });

  it('takes a release back that fails while it is run warm, before a customer has met it', async () => {
    await world.run(`deploy plan --assembly ${world.assembly(BAD_RELEASE)}`);
    const run = await world.run(`deploy run --release ${BAD_RELEASE} --bake 1s`);
    expect([run.exitCode, run.stdout]).toEqual([
      1,
      expect.stringMatching(
        /^Rolled back: [\s\S]*while it was run warm, us-west-2 failed: 100 answers failed \(\/carts\/warm-up: 500 INTERNAL\)/,
      ),
    ]);
    const update = 'update holdfast-cell-c01-us-west-2';
    expect(world.operations()).toEqual([[], [update, update]]);
    expect([world.releaseIn(EAST), world.releaseIn(WEST), world.holder]).toEqual(['r2', 'r2', EAST]);
  });

  it('says what CloudFormation refused, and leaves the other side alone', async () => {
    const failure = { stack: 'holdfast-cell-c01-us-west-2', type: 'AWS::Lambda::Function', reason: 'No capacity' };
    world.cloud.cloudFormation(WEST).failures.push(failure);
    const run = await world.run('deploy run --release r1 --bake 1s');
    world.cloud.cloudFormation(WEST).failures.length = 0;
    expect([run.exitCode, run.stdout]).toEqual([1, expect.stringMatching(/^Rolled back: .*No capacity/)]);
    expect(world.operations()[0]).toEqual([]);
    expect([world.releaseIn(EAST), world.releaseIn(WEST), world.holder]).toEqual(['r2', 'r2', EAST]);
  });

  it('does not begin where what runs now could not be brought back', async () => {
    rmSync(join(world.cells.stateDir, 'assemblies', 'r2'), { recursive: true });
    const { exitCode, stderr } = await world.run('deploy run --release r1');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('The assembly of release "r2" is not in ')]);
    expect(world.operations()).toEqual([[], []]);
  });
});
