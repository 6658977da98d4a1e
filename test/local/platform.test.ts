/** The supervisor with real engines and links, and stand-ins for the hosts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { answersDynamo } from '../../local/engine/dynamo-call.ts';
import { HttpPlatformControl } from '../../local/http-platform-control.ts';
import { readState } from '../../local/state-file.ts';
import { type Platform, type StartPlatformOptions, startPlatform } from '../../local/supervisor/start-platform.ts';
import topology from '../../platform.config.ts';
import { standIns, waitForState } from './stand-ins.ts';

let dir = '';
const platforms: Platform[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'test-local-'));
});
afterEach(async () => {
  for (const platform of platforms.splice(0)) await platform.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(options: Partial<StartPlatformOptions> = {}): Promise<Platform> {
  const platform = await startPlatform({ topology, cells: 1, signals: 'leave', scripts: standIns(), ...options });
  platforms.push(platform);
  return platform;
}

const envOf = async (url: string): Promise<Record<string, string>> =>
  ((await (await fetch(url)).json()) as { env: Record<string, string> }).env;

describe('startPlatform', () => {
  it('starts every process of the plan and resolves when all are ready', async () => {
    const view = await (await start()).view();
    expect(view.processes.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'arbiter ready',
      'c01@us-east-1.store ready',
      'c01@us-west-2.store ready',
      'c01@us-east-1 ready',
      'c01@us-west-2 ready',
      'control@us-east-1 ready',
      'control@us-west-2 ready',
      'router@us-east-1 ready',
      'router@us-west-2 ready',
      'payments ready',
    ]);
    expect(Object.keys(view.routers)).toEqual(['us-east-1', 'us-west-2']);
  });

  it('tells a process only addresses of links, and links lead to the process they name', async () => {
    const platform = await start();
    const view = await platform.view();
    const linkUrl = (name: string) => view.links.find((link) => link.name === name)?.url ?? '';
    const env = await envOf(linkUrl('router@us-east-1>c01@us-west-2'));
    expect(env).toMatchObject({
      HOLDFAST_CELL: 'c01',
      HOLDFAST_REGION: 'us-west-2',
      HOLDFAST_PEER: 'us-east-1',
      HOLDFAST_STORE_URL: linkUrl('c01@us-west-2>c01@us-west-2.store'),
      HOLDFAST_PEER_STORE_URL: linkUrl('c01@us-west-2>c01@us-east-1.store'),
      HOLDFAST_ARBITER_URL: linkUrl('c01@us-west-2>arbiter'),
      PAYMENTS_URL: linkUrl('c01@us-west-2>payments'),
    });
    const store = new URL(linkUrl('c01@us-west-2>c01@us-east-1.store'));
    expect(await answersDynamo({ host: store.hostname, port: Number(store.port) })).toBe(true);
  });

  it('refuses a port in use in a sentence that names the port and the remedy, and leaves nothing behind', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(start({ portBase: port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`Port ${port} is in use by another program`),
    });
    squatter.close();
  });

  it('writes the state file when it is ready and removes it at the end', async () => {
    const platform = await start({ stateDir: dir });
    expect(await readState(dir)).toMatchObject({ pid: process.pid, controlUrl: platform.controlUrl });
    await expect(start({ stateDir: dir })).rejects.toMatchObject({
      message: expect.stringContaining('already running from this folder'),
    });
    await platform.stop();
    expect(await readState(dir)).toBeNull();
  });

  it('refuses a data directory that a running platform uses', async () => {
    const dataDir = join(dir, 'data');
    await start({ dataDir });
    await expect(start({ dataDir })).rejects.toMatchObject({
      message: expect.stringContaining('is in use by the platform'),
    });
  });

  it('says which process could not be started and what it wrote', async () => {
    const scripts = { ...standIns(), payments: join(import.meta.dirname, 'no-such-script.mjs') };
    await expect(start({ scripts })).rejects.toMatchObject({
      code: 'PROCESS_FAILED',
      message: expect.stringMatching(/payments died 5 times.*no-such-script/s),
    });
  });
});

describe('control of processes', () => {
  it('a crashed process stays down, its links are reset, and start brings it back', async () => {
    const platform = await start();
    const name = 'c01@us-east-1';
    const link = (await platform.view()).links.find((known) => known.name === `router@us-east-1>${name}`);
    expect(await platform.act(name, 'crash')).toMatchObject({ state: 'crashed', pid: null });
    await expect(fetch(link?.url ?? '')).rejects.toThrow();
    expect(await platform.act(name, 'start')).toMatchObject({ state: 'ready', restarts: 0 });
    expect((await envOf(link?.url ?? '')).HOLDFAST_CELL).toBe('c01');
  });

  it('routers that died, all of them at once, come back where clients know them', async () => {
    const platform = await start();
    const before = (await platform.view()).routers;
    const routers = Object.keys(before).map((region) => `router@${region}`);
    await Promise.all(routers.map((name) => platform.act(name, 'crash')));
    await Promise.all(routers.map((name) => platform.act(name, 'start')));
    expect((await platform.view()).routers).toEqual(before);
    for (const url of Object.values(before)) expect((await fetch(url)).status).toBe(200);
  });

  it('a stopped process is stopped until it is continued', async () => {
    const platform = await start();
    expect(await platform.act('payments', 'stop')).toMatchObject({ state: 'stopped' });
    expect(await platform.act('payments', 'continue')).toMatchObject({ state: 'ready' });
    expect((await envOf((await platform.view()).payments)).HOLDFAST_PROCESS).toBe('payments');
  });

  it('a process that dies unasked is started again', async () => {
    const platform = await start();
    const before = (await platform.view()).payments;
    await fetch(`${before}/die`).catch(() => undefined);
    const view = await waitForState(
      platform,
      (process) => process.name === 'payments' && process.restarts === 1 && process.state === 'ready',
    );
    expect(view.lastFailure).toBe('payments exited with code 3');
  });
});

describe('the control API', () => {
  it('does what the platform itself does, and refuses unknown names with those that exist', async () => {
    const platform = await start();
    const remote = new HttpPlatformControl({ url: platform.controlUrl, secret: platform.secret });
    expect(await remote.view()).toEqual(JSON.parse(JSON.stringify(await platform.view())));
    const link = 'c01@us-east-1>arbiter';
    expect(await remote.setFault(link, { direction: 'both', cut: true })).toMatchObject({ fault: { cut: true } });
    expect(await remote.heal(link)).toMatchObject({ fault: null });
    expect(await remote.act('arbiter', 'crash')).toMatchObject({ state: 'crashed' });
    expect(await remote.act('arbiter', 'start')).toMatchObject({ state: 'ready' });
    await expect(remote.act('nobody', 'crash')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('Allowed: arbiter, c01@us-east-1.store'),
    });
    await expect(remote.setFault(link, { direction: 'both' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('wants the secret', async () => {
    const platform = await start();
    const stranger = new HttpPlatformControl({ url: platform.controlUrl, secret: 'guess' });
    await expect(stranger.view()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
