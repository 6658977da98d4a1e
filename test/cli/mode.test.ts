/** `holdfast mode …` over an arbiter in memory: which road a change takes, what is refused, and what a person is shown. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { documentOperator } from '../../cli/document-operator.ts';
import type { OperatorPorts } from '../../cli/operator-ports.ts';
import type { CliServices } from '../../cli/services.ts';
import { tableAutomationStore } from '../../control/adapters/table-automation-store.ts';
import { tableTimeline } from '../../control/adapters/table-timeline.ts';
import type { DocumentEyes } from '../../control/documents/document-eyes.ts';
import { PlatformError } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { regionName } from '../../core/ids.ts';
import { parseModes } from '../../core/modes/modes-document.ts';
import { modesType } from '../../core/modes/modes-type.ts';
import { seededRng } from '../../core/rng.ts';
import { validateTopology } from '../../core/topology.ts';
import config from '../../platform.config.ts';
import { cli, healthyAnswers, jsonOf, runningServices } from './fake-cli.ts';

const topology = validateTopology(config);
const WHY = '--why maintenance';
const HOUR = '--expires 1h --owner shop';

/** Processes take what the shelf says at once; rollouts run on a clock that somebody has to move. */
function world() {
  const clock = new FakeClock();
  const arbiter = new MemoryTable();
  const timeline = tableTimeline({ arbiter, clock });
  const automation = tableAutomationStore({ arbiter, clock });
  const ports = { arbiter, timeline, automation, close: () => undefined } as unknown as OperatorPorts;
  const eyes: DocumentEyes = {
    look: async ({ cell, type }) => {
      const shelf = await operator.shelf(modesType);
      const staged = shelf.staged?.cells.includes(cell) ? shelf.staged.edition.version : null;
      const version = type === 'modes' ? (staged ?? shelf.stable?.version ?? 0) : 0;
      return [{ region: regionName('us-east-1'), version, refused: null }];
    },
  };
  const operator = documentOperator({ topology, ports, eyes, machine: { clock, rng: seededRng(1) } });
  const services = runningServices({ clock, documents: async () => operator });
  const run = async (line: string) => {
    const running = cli(`mode ${line}`, services);
    let ended = false;
    void running.finally(() => {
      ended = true;
    });
    for (let at = 0; at < 400 && !ended; at++) await clock.advance(250);
    return running;
  };
  const stable = async () => (await operator.shelf(modesType)).stable;
  const lines = async () => (await timeline.read({ fromMs: 0, toMs: clock.wallMs() }, { withinMs: 1_000 })).entries;
  return { clock, operator, lines, services, run, stable, modes: async () => parseModes((await stable())?.body) };
}

describe('holdfast mode', () => {
  it('takes away everywhere at once, and says who, why and until when', async () => {
    const { clock, run, modes, operator, lines } = world();
    const done = await run(`set c01 40 ${WHY} ${HOUR} --json`);
    expect([done.exitCode, jsonOf(done)]).toEqual([0, expect.objectContaining({ road: 'at-once', version: 1 })]);
    const [setting] = (await modes()).levels;
    expect(setting).toMatchObject({ level: 40, cell: 'c01', owner: 'shop', reason: 'maintenance' });
    expect((setting?.expiresAtMs ?? 0) - (setting?.sinceMs ?? 0)).toBe(3_600_000);
    expect(setting?.sinceMs).toBeLessThanOrEqual(clock.wallMs());
    expect((await operator.history(modesType, 1))[0]?.edition.why).toBe('maintenance');
    expect(await lines()).toMatchObject([{ kind: 'mode', why: 'maintenance', scope: { document: 'modes@1' } }]);
  });

  it('gives back through the waves, and with --now at once, which stands in the history', async () => {
    const { run, modes, operator } = world();
    await run(`set c01 40 ${WHY} ${HOUR}`);
    const waves = await run(`clear c01 ${WHY} --json`);
    expect(jsonOf(waves)).toMatchObject({ road: 'waves', rollout: { state: 'done' } });
    expect(await modes()).toEqual({ levels: [], switches: [] });
    await run(`set c01 40 ${WHY} ${HOUR}`);
    const now = await run(`set c01 100 ${WHY} ${HOUR} --now --json`);
    expect(jsonOf(now)).toMatchObject({ road: 'at-once', version: 4 });
    expect((await operator.history(modesType, 1))[0]?.forced).toEqual([expect.stringContaining('--now')]);
  });

  it('leaves what others have set', async () => {
    const { run, modes } = world();
    await run(`switch on no-likes --cell c02 ${WHY} ${HOUR}`);
    await run(`switch on no-search ${WHY} ${HOUR}`);
    await run(`set all 60 ${WHY} ${HOUR}`);
    await run(`switch off no-search ${WHY} --now`);
    const { levels, switches } = await modes();
    expect([levels.map(({ cell, level }) => [cell, level]), switches.map(({ cell, name }) => [cell, name])]).toEqual([
      [[null, 60]],
      [['c02', 'no-likes']],
    ]);
  });

  it('drops what has ended with the next change, which needs no waves', async () => {
    const { clock, run, modes } = world();
    await run(`set c01 40 ${WHY} ${HOUR}`);
    clock.jump(3_600_000);
    expect(jsonOf(await run(`set c02 80 ${WHY} ${HOUR} --json`))).toMatchObject({ road: 'at-once' });
    expect((await modes()).levels.map(({ cell }) => cell)).toEqual(['c02']);
  });

  it('wants to hear that it is meant when no cell would take an order any more', async () => {
    const { run, stable } = world();
    const refused = await run(`set all 0 ${WHY} ${HOUR}`);
    expect([refused.exitCode, await stable()]).toEqual([1, null]);
    expect(refused.stderr).toContain('--force');
    expect((await run(`set all 0 ${WHY} ${HOUR} --force`)).exitCode).toBe(0);
  });

  it.each([
    [`set c77 40 ${WHY} ${HOUR}`, 'Allowed: c01, c02, c03, all.'],
    [`set c01 50 ${WHY} ${HOUR}`, 'Allowed: 100, 80, 60, 40, 20, 5, 0.'],
    [`switch on no-liks ${WHY} ${HOUR}`, 'Did you mean no-likes?'],
    [`switch on no-likes --cell c9 ${WHY} ${HOUR}`, 'Allowed: c01'],
    [`set c01 40 ${WHY} --expires 31d`, '30 days'],
    [`set c01 40 ${WHY}`, '--expires'],
    [`set c01 40 ${HOUR}`, '--why'],
    [`set c01 40 --why ${'x'.repeat(201)} ${HOUR}`, '1–200'],
    ['level c9', 'Allowed: c01'],
    [`break-glass c01 100 ${WHY} ${HOUR}`, 'Allowed: 80'],
  ])('refuses "%s" and says what is allowed', async (line, said) => {
    const { run, stable } = world();
    const refused = await run(line);
    expect([refused.exitCode, await stable()]).toEqual([2, null]);
    expect(refused.stderr).toContain(said);
  });

  it('lists what is set beside what the processes do, and the latter alone while the arbiter is gone', async () => {
    const { services, run } = world();
    await run(`set c01 40 ${WHY} ${HOUR}`);
    const listed = await run('list');
    expect(listed.stdout).toMatch(/level 40 +c01 .* shop +maintenance/);
    expect(listed.stdout).toContain('c01@us-east-1  does not say');
    const away: CliServices = { ...services, getJson: at40, documents: () => Promise.reject(gone()) };
    const alone = await cli('mode list', away);
    expect(alone.exitCode).toBe(0);
    expect(alone.stdout).toMatch(/can not be read[\s\S]*level 40[\s\S]*c01@us-east-1 +40/);
  });

  it('says what works for whom, and status with it', async () => {
    const { services } = world();
    const status = await cli('status', { ...services, getJson: at40 });
    expect(status.stdout).toMatch(/likes +in full for 67 % of the tenants +off in c01 \(level-40\)/);
    expect(status.stdout).toContain('c01 is degraded (level 40)');
    expect((await cli('status', services)).stdout).toContain('every part of the shop, in full, for all tenants');
    const level = await cli('mode level c01', { ...services, getJson: at40 });
    expect(level.stdout).toMatch(/getLikes +optional +refused/);
  });

  it('prints the ladder, and the file for the host', async () => {
    const { services } = world();
    const { operations } = jsonOf(await cli('mode ladder --json', services)) as { operations: unknown[] };
    expect(operations).toContainEqual(
      expect.objectContaining({
        ...{ name: 'checkout', method: 'POST', path: '/checkout', tier: 'essential' },
        grants: expect.objectContaining({ 20: 'full', 5: 'refused' }),
      }),
    );
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-mode-'));
    const out = join(directory, 'glass.json');
    expect((await cli(`mode break-glass all read-only ${WHY} ${HOUR} --out ${out}`, services)).exitCode).toBe(0);
    expect(parseModes(JSON.parse(await readFile(out, 'utf8'))).switches).toMatchObject([
      { name: 'read-only', cell: null },
    ]);
    await rm(directory, { recursive: true });
  });
});

/** As `healthyAnswers`, with c01 at level 40. */
async function at40(url: string) {
  const answer = await healthyAnswers(url);
  if (!url.includes('//c01.')) return answer;
  const level = { level: 40, cell: 'c01', owner: 'shop', reason: 'slow', sinceMs: 1, expiresAtMs: 9_000_000_000_000 };
  const refused = { getLikes: 'refused', like: 'refused' };
  const modes = {
    ...{ version: 1, source: 'published', level: 40, levels: [level], switches: [], operations: refused },
    ...{ causes: { getLikes: ['level-40'], like: ['level-40'] }, breakGlass: { body: null, refused: null } },
  };
  return { status: answer.status, body: { ...(answer.body as object), modes } };
}

function gone(): PlatformError {
  return new PlatformError({ code: 'ARBITER_UNAVAILABLE', kind: 'dependency', effect: 'none', message: 'gone' });
}
