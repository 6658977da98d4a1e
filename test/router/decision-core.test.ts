/** The pure rules of the router: where to, what passes, what is learned, what is tried again. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildPlacement, type CellMap, type Owner } from '../../core/cell-map.ts';
import { isPlatformError, type PlatformError } from '../../core/errors.ts';
import { cellId, epoch, type RegionName, regionName, tenantId } from '../../core/ids.ts';
import { validateTopology } from '../../core/topology.ts';
import { cellSpecs, decide, type Forward, judgeRequestLine, nearestRegion } from '../../router/core/decide.ts';
import { learn, readHint } from '../../router/core/hints.ts';
import { DEADLINE_DEFAULT_MS, HINT_EPOCH_STEP_MAX } from '../../router/core/limits.ts';
import { type RequestHead, readHead } from '../../router/core/request-head.ts';
import { deadlineError, type Failure, failureError, retryRegion } from '../../router/core/retry.ts';
import { EAST, TOPOLOGY_INPUT, tenantOn, WEST } from './router-under-test.ts';

const cells = cellSpecs(validateTopology(TOPOLOGY_INPUT));
const placement = buildPlacement([...cells.values()]);
const [c01, c02] = [cellId('c01'), cellId('c02')];
const [east, west] = [regionName(EAST), regionName(WEST)];
const owner = (region: RegionName, at: number): Owner => ({ region, epoch: epoch(at) });
const mapOf = (...owners: [typeof c01, Owner][]): CellMap => ({
  placement,
  ownership: new Map(owners),
  source: 'control',
  confirmedAtMs: 0,
});
const tenant = tenantId(tenantOn('c01', placement));

function headOf(...rawHeaders: string[]): RequestHead {
  const head = readHead(rawHeaders);
  if (isPlatformError(head)) throw head;
  return head;
}

describe('decide', () => {
  it('goes to the home region while nobody has said who is active', () => {
    expect(decide({ tenant, map: mapOf(), cells })).toEqual({ cell: c01, region: east, alternative: west });
  });

  it('goes to the active region, with the other as its alternative', () => {
    const map = mapOf([c01, owner(west, 7)]);
    expect(decide({ tenant, map, cells })).toEqual({ cell: c01, region: west, alternative: east });
  });

  it('refuses without a map, with no effect', () => {
    expect(decide({ tenant, map: null, cells })).toMatchObject({ code: 'NO_CELL_MAP', effect: 'none' });
  });

  it('takes paths of ordinary methods only', () => {
    expect(judgeRequestLine({ method: 'PATCH', target: '/a' })).toBeNull();
    expect(judgeRequestLine({ method: 'TRACE', target: '/a' })?.message).toContain('Method "TRACE". Allowed: GET');
    expect(judgeRequestLine({ method: 'GET', target: '*' })?.message).toContain('Target "*"');
  });
});

describe('a read that may be answered from a copy', () => {
  const forward: Forward = { cell: c01, region: east, alternative: west };
  const begin = (here: RegionName, avoided: readonly RegionName[] = []) =>
    nearestRegion(forward, { here, admits: (region) => !avoided.includes(region), isBroken: () => false });

  it("begins in the router's own region, wherever the cell is active", () => {
    expect([begin(west), begin(east)]).toEqual([west, east]);
  });

  it('begins at the active region when its own has no copy, or one that seems gone', () => {
    expect(begin(regionName('eu-west-1'))).toBe(east);
    expect(begin(west, [west])).toBe(east);
    expect(begin(east, [east])).toBe(west);
  });
});

describe('readHead', () => {
  it('passes only what is on its list', () => {
    const head = headOf(
      'Accept',
      'a',
      'Connection',
      'accept',
      'X-Holdfast-Tenant',
      'b',
      'X-PRIORITY',
      'batch',
      'Cookie',
      'c',
    );
    expect(head.forwarded).toEqual(['accept', 'a', 'x-priority', 'batch']);
    expect(head).toMatchObject({
      authorization: null,
      deadlineMs: DEADLINE_DEFAULT_MS,
      contentLength: null,
      chunked: false,
    });
  });

  it('takes a bound of staleness once, in its range, and passes it on', () => {
    expect(headOf('Accept', 'a').maxStalenessMs).toBeNull();
    for (const value of ['0', '1', '59999', '60000']) {
      const head = headOf('X-Max-Staleness-Ms', value);
      expect([head.maxStalenessMs, head.forwarded]).toEqual([Number(value), ['x-max-staleness-ms', value]]);
    }
    for (const value of ['', '-1', '60001', '1e3', '01', '5.0', '+5', ' 5', '99999999999']) {
      expect(readHead(['x-max-staleness-ms', value])).toMatchObject({ code: 'INVALID_INPUT', effect: 'none' });
    }
    expect(readHead(['x-max-staleness-ms', '5', 'x-max-staleness-ms', '5'])).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it("takes the caller's request id only when it is harmless", () => {
    expect(headOf('X-Request-Id', 'abc-1').requestId).toBe('abc-1');
    expect(headOf('X-Request-Id', 'a b').requestId).toBeNull();
  });

  it('never lets an internal or hop-by-hop header through, whatever comes', () => {
    const name = fc.oneof(
      fc.constantFrom(
        'Authorization',
        'x-holdfast-cell',
        'X-Holdfast-X',
        'connection',
        'TE',
        'Upgrade',
        'Proxy-Authorization',
      ),
      fc.stringMatching(/^[A-Za-z0-9-]{1,20}$/),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string()), { maxLength: 20 }), (headers) => {
        const head = readHead(headers.flat());
        if (isPlatformError(head)) return;
        const names = head.forwarded.filter((_, at) => at % 2 === 0);
        expect(
          names.filter((passed) => /^(x-holdfast-|authorization|connection|te$|upgrade|proxy-)/.test(passed)),
        ).toEqual([]);
      }),
    );
  });
});

describe('learning from hints', () => {
  const hint = (ownerName: string | undefined, at: string | undefined) =>
    readHint({ cell: c01, cells, owner: ownerName, epoch: at });

  it('reads a region that the topology gives the cell, and an epoch', () => {
    expect(hint(WEST, '8')).toEqual(owner(west, 8));
  });

  it('reads nothing from anything else', () => {
    for (const [region, at] of [
      ['eu-west-1', '8'],
      [WEST, '0'],
      [WEST, '-1'],
      [WEST, '1e3'],
      [WEST, '9'.repeat(17)],
      [WEST, ''],
      [WEST, undefined],
      [undefined, '8'],
    ]) {
      expect(hint(region, at)).toBeNull();
    }
    expect(readHint({ cell: cellId('c99'), cells, owner: WEST, epoch: '8' })).toBeNull();
  });

  it('believes a higher epoch, of that cell only', () => {
    const map = mapOf([c01, owner(east, 7)], [c02, owner(east, 3)]);
    const learned = learn(map, { cell: c01, hint: owner(west, 8) });
    expect([...learned.ownership]).toEqual([
      [c01, owner(west, 8)],
      [c02, owner(east, 3)],
    ]);
  });

  it('does not believe the same or a lower epoch, or one that leaps', () => {
    const map = mapOf([c01, owner(east, 7)]);
    for (const at of [6, 7, 7 + HINT_EPOCH_STEP_MAX + 1]) {
      expect(learn(map, { cell: c01, hint: owner(west, at) })).toBe(map);
    }
  });
});

describe('the one retry', () => {
  const forward: Forward = { cell: c01, region: east, alternative: west };
  const retry = (
    failure: Failure,
    over: { method?: string; attempts?: number; replayable?: boolean; region?: RegionName } = {},
  ) => retryRegion(failure, { forward, region: east, attempts: 1, method: 'POST', replayable: true, ...over });

  it('follows a 421 to the owner, unless the owner is the one that said so', () => {
    expect(retry({ kind: 'not-here', owner: west })).toBe(west);
    expect(retry({ kind: 'not-here', owner: east })).toBeNull();
    expect(retry({ kind: 'not-here', owner: null })).toBeNull();
  });

  it('asks the other region when nothing was sent, for any method', () => {
    expect(retry({ kind: 'never-sent' })).toBe(west);
    expect(retry({ kind: 'never-sent' }, { region: west })).toBe(east);
  });

  it('repeats what was sent only when the method is safe', () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) expect(retry({ kind: 'lost' }, { method })).toBeNull();
    for (const method of ['GET', 'HEAD', 'OPTIONS']) expect(retry({ kind: 'lost' }, { method })).toBe(west);
  });

  it('happens once, and never without the whole body', () => {
    const failures: Failure[] = [{ kind: 'not-here', owner: west }, { kind: 'never-sent' }, { kind: 'lost' }];
    for (const failure of failures) {
      expect(retry(failure, { method: 'GET', attempts: 2 })).toBeNull();
      expect(retry(failure, { method: 'GET', replayable: false })).toBeNull();
    }
  });

  it('says "unknown" for a write that was sent, and "none" for everything else', () => {
    const told = (error: PlatformError) => [error.code, error.effect];
    expect(told(failureError({ kind: 'lost' }, { method: 'PUT', forward }))).toEqual(['OUTCOME_UNKNOWN', 'unknown']);
    expect(told(failureError({ kind: 'lost' }, { method: 'GET', forward }))).toEqual(['CELL_UNREACHABLE', 'none']);
    expect(told(failureError({ kind: 'never-sent' }, { method: 'PUT', forward }))).toEqual([
      'CELL_UNREACHABLE',
      'none',
    ]);
    expect(told(deadlineError({ method: 'PUT', sent: true }))).toEqual(['DEADLINE_EXCEEDED', 'unknown']);
    expect(told(deadlineError({ method: 'PUT', sent: false }))).toEqual(['DEADLINE_EXCEEDED', 'none']);
    expect(told(deadlineError({ method: 'GET', sent: true }))).toEqual(['DEADLINE_EXCEEDED', 'none']);
  });
});
