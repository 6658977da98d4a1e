import { describe, expect, it } from '@jest/globals';
import type { CliServices } from '../../cli/services.ts';
import { PlatformError } from '../../core/errors.ts';
import { cli, fakeServices, fakeView, healthyAnswers, jsonOf, runningServices as running, SECRET } from './fake-cli.ts';

describe('holdfast start', () => {
  const started = (seen: unknown[]) =>
    fakeServices({
      start: async (options) => {
        seen.push(options);
        return { view: async () => fakeView(), untilEnd: async () => undefined };
      },
    });

  it('prints exactly one line with --json when it serves', async () => {
    const run = await cli('start --json', started([]));
    expect(jsonOf(run)).toMatchObject({
      event: 'ready',
      routers: { 'us-east-1': 'http://router.east', 'us-west-2': 'http://router.west' },
      cells: { c01: { home: 'us-east-1', standby: 'us-west-2' }, c02: { home: 'us-west-2' }, c03: {} },
    });
    expect(run.stderr).toBe('');
  });

  it('passes on its flags', async () => {
    const seen: unknown[] = [];
    await cli('start --cells 5 --data ./d --engine dynamodb-local --port 8080', started(seen));
    expect(seen).toMatchObject([{ cells: 5, dataDir: './d', engine: 'dynamodb-local', portBase: 8_080 }]);
  });

  it('takes ports that are easy to type when nobody names any, and free ones when those are taken', async () => {
    const bases: unknown[] = [];
    const start: CliServices['start'] = async ({ portBase }) => {
      bases.push(portBase);
      if (portBase !== undefined)
        throw new PlatformError({ code: 'PORT_IN_USE', kind: 'caller', effect: 'none', message: 'In use.' });
      return { view: async () => fakeView(), untilEnd: async () => undefined };
    };
    expect(await cli('start', fakeServices({ start }))).toMatchObject({ exitCode: 0 });
    expect(bases).toEqual([8_701, undefined]);
    expect(await cli('start --port 8080', fakeServices({ start }))).toMatchObject({ exitCode: 1 });
  });

  it('tells a person where the routers are and what to try', async () => {
    const { stdout } = await cli('start', started([]));
    expect(stdout).toContain('http://router.east');
    expect(stdout).toContain('npx holdfast token acme');
    expect(stdout).toContain('npm run drill -- region-lost');
  });

  it.each([
    ['PORT_IN_USE', 1],
    ['ENGINE_MISSING', 1],
    ['INVALID_TOPOLOGY', 2],
  ] as const)('%s exits %d with its sentence', async (code, exitCode) => {
    const error = new PlatformError({ code, kind: 'caller', effect: 'none', message: 'Say what is wrong.' });
    const run = await cli('start', fakeServices({ start: async () => Promise.reject(error) }));
    expect(run).toEqual({ exitCode, stdout: '', stderr: 'holdfast: Say what is wrong.\n' });
  });
});

describe('holdfast status', () => {
  it('shows cells with owner, epoch, lease and lag, and routers with version and age of their map', async () => {
    const { stdout, exitCode } = await cli('status', running());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^Holdfast {2}all is well/);
    expect(stdout).toMatch(/c01 +us-east-1 \(home\) +active +7 +2\.5 s left +12 ms +ok +0/);
    expect(stdout).toMatch(/us-east-1 +http:\/\/router\.east +version 3 +40 ms old +control/);
    expect(stdout).not.toContain('Down');
  });

  it('shows what is down, what is silent and which faults are injected', async () => {
    const view = fakeView();
    const [first, ...others] = view.processes;
    if (!first) throw new Error('no process');
    const crashed = { ...first, state: 'crashed' as const, url: null };
    const link = {
      ...{ name: 'c01@us-east-1>arbiter', from: 'c01@us-east-1', to: 'arbiter', url: 'http://link' },
      fault: { direction: 'both' as const, latencyMs: 250 },
      counters: { connections: 0, open: 0, resets: 0, held: 0, delayed: 0, lost: 0, bytesUp: 0, bytesDown: 0 },
    };
    const broken = fakeView({ processes: [crashed, ...others], links: [link] });
    const { stdout } = await cli('status', running({}, broken));
    expect(stdout).toMatch(/c01 has no owner, 1 down, 1 fault injected/);
    expect(stdout).toMatch(/Down:\n {2}c01@us-east-1 {2}crashed/);
    expect(stdout).toMatch(/Faults that are injected now:\n {2}c01@us-east-1>arbiter {2}\+250 ms \(both\)/);
  });

  it('shows who does not answer instead of waiting or failing', async () => {
    const getJson: CliServices['getJson'] = async (url) => {
      if (url.includes('router.west')) throw new Error('timed out');
      return healthyAnswers(url);
    };
    const { stdout, exitCode } = await cli('status', running({ getJson }));
    expect(stdout).toMatch(/us-west-2 +http:\/\/router\.west +silent/);
    expect(exitCode).toBe(0);
  });

  it('shouts when two regions claim a cell, and says when a router has not learnt of an owner', async () => {
    const getJson: CliServices['getJson'] = async (url) => {
      const answer = await healthyAnswers(url);
      if (!url.includes('c01.us-west-2')) return answer;
      return { ...answer, body: { ...(answer.body as object), standing: { state: 'active', epoch: 8 } } };
    };
    const { stdout } = await cli('status', running({ getJson }));
    expect(stdout).toContain('c01 has 2 OWNERS, c01 is away from home');
    expect(stdout).toContain('router us-east-1 does not know yet who owns c01');
  });

  it('keeps the internal secret to itself', async () => {
    const run = await cli('status --json', running());
    expect(run.stdout).not.toContain(SECRET);
    expect(jsonOf(run)).toMatchObject({
      troubles: [],
      cells: [{ cell: 'c01', active: 'us-east-1', epoch: 7 }, { cell: 'c02' }, { cell: 'c03' }],
      routers: [{ region: 'us-east-1', map: { version: 3 } }, { region: 'us-west-2' }],
    });
  });

  it('colours on a terminal only, and not when NO_COLOR is set', async () => {
    const colour = String.fromCharCode(27);
    expect((await cli('status', running(), { tty: true })).stdout).toContain(colour);
    expect((await cli('status', running(), { tty: true, env: { NO_COLOR: '1' } })).stdout).not.toContain(colour);
    expect((await cli('status', running())).stdout).not.toContain(colour);
  });
});

describe('holdfast cell list', () => {
  it('lists the cells as declared, beside their owners', async () => {
    expect(jsonOf(await cli('cell list --json', running()))).toMatchObject({
      cells: [
        { cell: 'c01', active: 'us-east-1', epoch: 7, wave: 1, fenceShards: 20 },
        { cell: 'c02', active: 'us-west-2', wave: 2 },
        { cell: 'c03', wave: 3 },
      ],
    });
    expect((await cli('cell list', running())).stdout).toMatch(/c02 +us-west-2 +7 +us-west-2 +us-east-1/);
  });
});

describe('holdfast route explain', () => {
  it('says where every router sends the tenant, and why', async () => {
    const { stdout, exitCode } = await cli('route explain acme', running());
    expect(stdout).toContain('acme → bucket 4711 → cell c02 (by bucket)');
    expect(stdout).toMatch(/us-east-1 +c02@us-west-2 +owner, epoch 7 +us-east-1 +version 3, 40 ms old/);
    expect(exitCode).toBe(0);
  });

  it('says when the routers disagree', async () => {
    const getJson: CliServices['getJson'] = async (url) => {
      const answer = await healthyAnswers(url);
      return url.includes('west') ? { ...answer, body: { ...(answer.body as object), region: 'us-east-1' } } : answer;
    };
    const run = await cli('route explain acme --json', running({ getJson }));
    expect(jsonOf(run)).toMatchObject({ tenant: 'acme', agree: false });
  });

  it('exits 1 when no router answers, and 2 for what is no tenant', async () => {
    const getJson = async () => Promise.reject(new Error('connect refused'));
    expect((await cli('route explain acme', running({ getJson }))).exitCode).toBe(1);
    expect((await cli('route explain ../etc', running())).exitCode).toBe(2);
  });
});
