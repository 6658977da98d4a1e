import { describe, expect, it } from '@jest/globals';
import type { CliServices } from '../../cli/services.ts';
import {
  type AutomationDocument,
  unwritten,
  withSetting,
} from '../../control/failover/automation/automation-document.ts';
import type { Proposal } from '../../control/failover/automation/proposal.ts';
import { PlatformError } from '../../core/errors.ts';
import type { RegionName } from '../../core/ids.ts';
import { cli, fakeRecord, jsonOf, runningServices } from './fake-cli.ts';

type Operator = Awaited<ReturnType<CliServices['automation']>>;

function services(change: Partial<Operator> = {}): { services: CliServices; documents: AutomationDocument[] } {
  const documents = [unwritten('assisted')];
  const operator: Operator = {
    document: async () => documents.at(-1) ?? unwritten('assisted'),
    set: async (setting) => {
      const next = withSetting(documents.at(-1) ?? unwritten('assisted'), { ...setting, by: 'ops', atMs: 0 });
      documents.push(next);
      return { document: next, told: true };
    },
    statuses: async () => [{ region: 'us-east-1' as RegionName, status: null }],
    proposals: async () => [],
    records: async () => [],
    approve: async () => fakeRecord(),
    close: () => undefined,
    ...change,
  };
  return { services: runningServices({ automation: async () => operator }), documents };
}

describe('holdfast automation', () => {
  it('turns automation off and on with a reason, and keeps the mode', async () => {
    const { services: given, documents } = services();
    expect((await cli('automation mode automatic --reason trust', given)).exitCode).toBe(0);
    const off = await cli('automation off --reason maintenance', given);
    expect([off.exitCode, off.stdout]).toEqual([
      0,
      expect.stringMatching(/off \(mode when on: automatic\).*maintenance/),
    ]);
    await cli('automation on --reason done', given);
    expect(documents.at(-1)).toMatchObject({ mode: 'automatic', enabled: true, version: 3 });
  });

  it('says when the timeline could not be written', async () => {
    const set = async () => ({ document: unwritten('assisted'), told: false });
    const run = await cli('automation off --reason maintenance', services({ set }).services);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('The timeline could not be written') });
  });

  it.each([
    'automation off',
    'automation on',
    'automation mode manual',
    'automation mode auto --reason x',
    'automation mode',
  ])('refuses "%s" as wrong usage', async (line) => {
    const { services: given, documents } = services();
    const run = await cli(line, given);
    expect([run.exitCode, documents.length]).toEqual([2, 1]);
    expect(run.stderr).not.toBe('');
  });

  it('refuses a change without a word of reason', async () => {
    const { services: given, documents } = services();
    const run = await cli('automation off --reason= --json', given);
    expect([run.exitCode, documents.length]).toEqual([2, 1]);
    expect(jsonOf(run)).toMatchObject({ error: { code: 'INVALID_INPUT' } });
  });

  it('shows what is switched on, and which control process does not answer', async () => {
    const run = await cli('automation status', services().services);
    expect(run.stdout).toMatch(/on, assisted, as the topology says/);
    expect(run.stdout).toMatch(/us-east-1: its control process does not answer/);
    expect(jsonOf(await cli('automation status --json', services().services))).toMatchObject({
      document: { mode: 'assisted', enabled: true },
      regions: [{ region: 'us-east-1', status: null }],
    });
  });

  it('shows proposals that still stand, with evidence and the word to give', async () => {
    const { decision } = fakeRecord();
    const proposal: Proposal = {
      cell: decision.cell,
      decision,
      seenCounter: 1,
      heldBecause: 'the mode is assisted',
      expiresAtMs: 1e15,
    };
    const proposals = async () => [proposal, { ...proposal, expiresAtMs: 0 }];
    const run = await cli('automation proposals', services({ proposals }).services);
    expect(run.stdout.match(/holdfast automation approve c01/g)).toHaveLength(1);
    expect(run.stdout).toMatch(/who is hit\?/);
    expect((await cli('automation proposals', services().services)).stdout).toMatch(/Nothing is proposed/);
  });

  it('carries an approved proposal out, and says why it does not', async () => {
    expect((await cli('automation approve c01', services().services)).exitCode).toBe(0);
    const failed = services({ approve: async () => fakeRecord({ state: 'failed' }) });
    expect((await cli('automation approve c01', failed.services)).exitCode).toBe(1);
    const refused = services({
      approve: async () => {
        throw new PlatformError({ code: 'FAILOVER_REFUSED', kind: 'caller', effect: 'none', message: 'it is alive' });
      },
    });
    expect(await cli('automation approve c01', refused.services)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/alive/),
    });
    expect((await cli('automation approve c99', services().services)).exitCode).toBe(2);
  });
});
