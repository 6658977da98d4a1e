import { describe, expect, it } from '@jest/globals';
import { acknowledgesNothing, refusesHonestly, servesToTheBound, tooFew } from '../../drills/lease-bound.ts';
import type { CellAnswers } from '../../drills/workload/probe-log.ts';

const seen = (of: Partial<CellAnswers> & { codes?: ReadonlyMap<string, number> }): CellAnswers => ({
  ...{ probes: 20, acknowledged: 0, answered: 20, p95Ms: 1, codes: new Map() },
  ...of,
});
const broken = (judged: readonly { held: boolean; otherwise: string }[]) =>
  judged.filter(({ held }) => !held).map(({ otherwise }) => otherwise);

describe('strict writes while the lease holds', () => {
  it('are all acknowledged, but for a client that gave up', () => {
    const codes = new Map([['CLIENT_TIMEOUT', 1]]);
    expect(broken(servesToTheBound('c01', seen({ acknowledged: 19, answered: 19, codes })))).toEqual([]);
  });

  it('fail the drill when one is refused before the bound', () => {
    const codes = new Map([['LEASE_NOT_HELD', 1]]);
    expect(broken(servesToTheBound('c01', seen({ acknowledged: 19, codes }))).join()).toMatch(
      /1 of 20 .* although its lease held: LEASE_NOT_HELD ×1/,
    );
  });

  it('fail the drill when the cell hangs', () => {
    const codes = new Map([['CLIENT_TIMEOUT', 15]]);
    const judged = servesToTheBound('c01', seen({ acknowledged: 5, answered: 5, codes }));
    expect(broken(judged).join()).toMatch(/answered only 5 of 20/);
  });
});

describe('strict writes after the lease', () => {
  it('are refused with a word that says that nothing was done', () => {
    const codes = new Map([['LEASE_NOT_HELD', 20]]);
    expect(broken([acknowledgesNothing('c01', seen({ codes })), ...refusesHonestly('c01', seen({ codes }))])).toEqual(
      [],
    );
  });

  it('fail the drill when one is acknowledged', () => {
    expect(broken([acknowledgesNothing('c01', seen({ acknowledged: 1 }))]).join()).toMatch(/acknowledged 1 strict/);
  });

  it('fail the drill when they hang, or are of unknown outcome', () => {
    const codes = new Map([
      ['CLIENT_TIMEOUT', 10],
      ['OUTCOME_UNKNOWN', 10],
    ]);
    const said = broken(refusesHonestly('c01', seen({ answered: 10, codes }))).join(' ');
    expect(said).toMatch(/OUTCOME_UNKNOWN ×10/);
    expect(said).toMatch(/answered only 10 of 20/);
  });
});

it('of a cell that was hardly asked nothing is concluded', () => {
  expect(tooFew('c01', { seen: seen({ probes: 2 }), when: 'then' })).toHaveLength(1);
  expect(tooFew('c01', { seen: seen({}), when: 'then' })).toEqual([]);
});
