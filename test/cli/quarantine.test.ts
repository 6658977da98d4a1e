/** `holdfast quarantine`: what people see, what they may choose, and what they are told when it is refused. */
import { describe, expect, it } from '@jest/globals';
import type { WaitingDetail } from '../../cell/reconcile/quarantine-view.ts';
import type { CliServices, QuarantineOperator } from '../../cli/services.ts';
import { type ErrorCode, PlatformError } from '../../core/errors.ts';
import { regionName } from '../../core/ids.ts';
import { cli, jsonOf, runningServices } from './fake-cli.ts';

const ID = 'stock/acme/mug#0000000003#000000000017';
const detail: WaitingDetail = {
  ...{ id: ID, region: regionName('us-west-2'), aggregate: 'stock/acme/mug', epoch: 3, version: 17, fenceEpoch: 4 },
  ...{ committedAtMs: 0, quarantinedAtMs: 0, previous: { epoch: 3, version: 16 }, present: { epoch: 4, version: 18 } },
  standing: { state: 'diverged', why: 'it was made on 3.16; the aggregate stands at 4.18' },
  merge: { kind: 'person', why: 'it counted the shelf anew' },
  items: [{ item: 'level', quarantined: { available: 5 }, present: { available: 7 } }],
  ...{ idempotencyKey: null, messages: [] },
};

const problem = (code: ErrorCode, message: string) =>
  new PlatformError({ code, kind: 'caller', effect: 'none', message });

/** Only the last cell has it. */
function services(change: Partial<QuarantineOperator> = {}, asked: unknown[] = []): CliServices {
  return runningServices({
    quarantine: async () => ({
      list: async (cell, after) => {
        const rows = cell === 'c03' && after === null ? [detail] : [];
        return { rows, next: rows.length > 0 ? ID : null, unread: [] };
      },
      settled: async () => ({ rows: [], next: null, unread: [regionName('us-east-1')] }),
      show: async (cell) => {
        if (cell === 'c03') return detail;
        throw problem('NOT_FOUND', 'No such commit.');
      },
      settle: async (cell, order) => {
        asked.push([cell, order]);
        const commit = { aggregate: 'stock/acme/mug' } as never;
        return { id: ID, action: 'discarded', by: 'ann', reason: 'counted', atMs: 0, takenInAs: null, commit };
      },
      ...change,
    }),
  });
}

describe('holdfast quarantine', () => {
  it('lists what waits in all cells, by an id that can be typed', async () => {
    const run = await cli('quarantine list', services());
    expect(run.stdout).toMatch(/c03 +stock\/acme\/mug@3\.17 +us-west-2 +4 +1970-01-01 00:00:00/);
    expect(jsonOf(await cli('quarantine list --cell c01 --json', services()))).toEqual({
      cells: [{ cell: 'c01', rows: [], next: null, unread: [] }],
    });
  });

  it('says how to see what is behind the last row, and goes on there', async () => {
    const more = `More: holdfast quarantine list --cell c03 --after '${ID}'`;
    expect((await cli('quarantine list', services())).stdout).toContain(more);
    const rest = await cli('quarantine list --cell c03 --after stock/acme/mug@3.17', services());
    expect([rest.exitCode, rest.stdout]).toEqual([0, 'Nothing waits in quarantine.\n']);
  });

  it('says when a store did not answer', async () => {
    const run = await cli('quarantine settled --cell c02', services());
    expect(run.stdout).toContain('The store of c02 in us-east-1 did not answer');
  });

  it.each(['stock/acme/mug@3.17', ID])(
    'shows %s beside the present state, and what each choice would do',
    async (id) => {
      const { stdout, exitCode } = await cli(`quarantine show ${id}`, services());
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/level +{"available":5} +{"available":7}/);
      expect(stdout).toContain('adopt    is refused: it was made on 3.16; the aggregate stands at 4.18');
      expect(stdout).toContain('merge    is refused: it counted the shelf anew');
    },
  );

  it('carries a choice to the owner of the cell that has it', async () => {
    const asked: unknown[] = [];
    const run = await cli('quarantine discard stock/acme/mug@3.17 --reason counted', services({}, asked));
    expect(asked).toEqual([['c03', { id: ID, wish: 'discard', reason: 'counted' }]]);
    expect([run.exitCode, run.stdout]).toEqual([0, 'stock/acme/mug in c03: discarded (counted).\n']);
  });

  it('exits 1 when the choice is refused, and says what changed', async () => {
    const settle = async () => Promise.reject(problem('RECONCILE_REFUSED', 'Changed since: level.'));
    const run = await cli('quarantine adopt stock/acme/mug@3.17 --reason x', services({ settle }));
    expect([run.exitCode, run.stderr]).toEqual([1, expect.stringContaining('Changed since: level.')]);
  });

  it.each([
    ['quarantine discard stock/acme/mug@3.17', /--reason/],
    ['quarantine show mug', /Allowed: an id as "holdfast quarantine list" has it/],
    ['quarantine show stock/acme/cup@1.1 --cell c01', /No such commit/],
    ['quarantine list --cell c99', /Unknown cell "c99"/],
    ['quarantine settled --after stock/acme/mug@3.17', /without --cell/],
    ['quarantine list --cell c03 --after mug', /Allowed: an id as "holdfast quarantine list" has it/],
  ])('exits 2 for %s', async (line, message) => {
    const run = await cli(line, services());
    expect([run.exitCode, run.stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
