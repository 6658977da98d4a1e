import { describe, expect, it } from '@jest/globals';
import { cli, fakeReport, fakeServices, jsonOf } from './fake-cli.ts';

const withDrills = fakeServices({
  drills: async () => ({
    drills: [
      { name: 'region-lost', summary: 'A region is gone.' },
      { name: 'zombie-writer', summary: 'An old owner wakes up.' },
    ],
    run: async () => fakeReport(),
    soak: async () => {
      throw new Error('not asked for');
    },
    read: async () => fakeReport(),
    check: async () => ({ verdict: 'pass', checkers: [], problems: [], dir: '/reports/1' }),
  }),
});

describe('usage errors exit 2 and say what was wrong, the value seen and the values allowed', () => {
  it.each([
    ['drils list', /"drils"\. Did you mean drill\?\nAllowed: start, status, token/],
    ['failover rnu c01', /"rnu"\. Did you mean run\?\nAllowed: plan, run, back/],
    ['banana', /"banana"\.\nAllowed: start/],
    [
      'start --prot 3000',
      /"--prot"\. Did you mean --port\?\nAllowed: --cells, --data, --engine, --port, --json, --help/,
    ],
    ['start --port 0', /Seen: "0"\. Allowed: an integer from 1 to 65535/],
    ['start --port 80.5', /Seen: "80.5"/],
    ['start --cells -3', /Seen: "-3"|needs|unknown|Unknown/],
    ['start --engine mongo', /Seen: "mongo"\. Allowed: dynoxide, dynamodb-local/],
    ['start --data', /argument missing|missing/],
    ['token', /Missing required argument 'tenant'\.\nUsage: holdfast token \[options\] <tenant>/],
    ['token acme other', /Too many arguments/],
    ['token acme --ttl soon', /Seen: "soon"\. Allowed: a time such as 90s, 15m, 8h, 2d/],
    ['token acme --ttl 0', /Seen: "0"/],
    ['route explain', /Missing required argument 'tenant'/],
    ['route explain -x', /"-x"/],
    [
      'drill run regoin-lost',
      /Unknown drill "regoin-lost"\. Did you mean region-lost\?\nAllowed: region-lost, zombie-writer/,
    ],
    ['drill run region-lost --seed x', /Seen: "x"\. Allowed: an integer from 0 to 4294967295/],
    ['drill run region-lost --seeds 5-1', /Seen: "5-1"\. Allowed: seeds from 0 to 4294967295, as 7, 1,2,3 or 1-20/],
    ['drill run region-lost --seeds 1-5000', /Seen: "1-5000"/],
    ['bench nothing', /Unknown bench "nothing"/],
  ])('%s', async (line, message) => {
    const run = await cli(line, withDrills);
    expect(run.stderr).toMatch(message);
    expect(run.stdout).toBe('');
    expect(run.exitCode).toBe(2);
  });

  it('says it as JSON on stdout where JSON was asked for', async () => {
    const run = await cli('statsu --json', fakeServices());
    expect(jsonOf(run)).toEqual({
      error: { code: 'INVALID_INPUT', kind: 'caller', effect: 'none', message: expect.stringContaining('status') },
    });
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(2);
  });

  it('shows help, and counts an incomplete command as a usage error', async () => {
    expect(await cli('drill --help', fakeServices())).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await cli('drill', fakeServices())).toMatchObject({ exitCode: 2, stdout: '' });
    expect((await cli('drill', fakeServices())).stderr).toMatch(/Usage: holdfast drill/);
  });

  it('prints its version', async () => {
    expect(await cli('--version', fakeServices())).toMatchObject({ exitCode: 0, stdout: '1.2.3\n' });
  });

  it.each(['start', 'status', 'token', 'route explain', 'cell list', 'failover plan', 'failover run', 'failover back'])(
    '%s takes --json',
    async (command) => {
      expect((await cli(`${command} --help`, fakeServices())).stdout).toContain('--json');
    },
  );

  it.each(['drill list', 'drill run', 'drill report', 'bench'])('%s takes --json', async (command) => {
    expect((await cli(`${command} --help`, fakeServices())).stdout).toContain('--json');
  });
});

describe('without a running platform', () => {
  it.each(['status', 'cell list', 'route explain acme', 'failover plan c01', 'failover run c01', 'failover back c01'])(
    '%s says so in one sentence and exits 1',
    async (line) => {
      const run = await cli(line, fakeServices());
      expect(run).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: 'holdfast: No platform is running here. Start one with "npm start".\n',
      });
    },
  );

  it('says so as JSON where JSON was asked for', async () => {
    expect(jsonOf(await cli('status --json', fakeServices()))).toMatchObject({
      error: { code: 'PLATFORM_NOT_RUNNING' },
    });
  });

  it('issues a token all the same: alone on stdout, so that a shell can take it', async () => {
    expect(await cli('token acme', fakeServices())).toEqual({
      exitCode: 0,
      stdout: 'token-of-acme-for-28800\n',
      stderr: '',
    });
    expect(jsonOf(await cli('token acme --ttl 15m --json', fakeServices()))).toEqual({
      tenant: 'acme',
      token: 'token-of-acme-for-900',
      ttlSeconds: 900,
    });
  });
});

describe('an error that nobody foresaw', () => {
  const broken = fakeServices({ attach: async () => Promise.reject(new Error('boom')) });

  it('exits 1 with its message and without a stack', async () => {
    expect(await cli('status', broken)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'holdfast: boom\nNobody foresaw this. HOLDFAST_DEBUG=1 shows where it comes from.\n',
    });
  });

  it('shows its stack on request', async () => {
    expect((await cli('status', broken, { debug: true })).stderr).toContain('usage.test.ts');
  });
});
