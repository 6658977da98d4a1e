import { describe, expect, it } from '@jest/globals';
import { isPlatformError } from '../../core/errors.ts';
import { validateTopology } from '../../core/topology.ts';
import type { Finding } from '../../core/topology-reader.ts';
import config from '../../platform.config.ts';

function good(): Record<string, unknown> {
  return {
    regions: ['us-east-1', 'us-west-2'],
    arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'us-east-2' },
    cells: [
      { id: 'c01', home: 'us-east-1', standby: 'us-west-2' },
      { id: 'c02', home: 'us-west-2', standby: 'us-east-1', weight: 3, intake: 'draining', writesPerSecondMax: 20 },
    ],
    waves: [['c01'], ['c02']],
    lease: { ttlMs: 3_000, renewEveryMs: 750 },
    peerLoss: 'continue',
  };
}

function findingsOf(input: unknown): readonly Finding[] {
  try {
    validateTopology(input);
  } catch (thrown) {
    if (isPlatformError(thrown) && thrown.code === 'INVALID_TOPOLOGY')
      return thrown.details.findings as readonly Finding[];
    throw thrown;
  }
  return [];
}

const pathsOf = (input: unknown) => findingsOf(input).map((finding) => finding.path);

describe('validateTopology', () => {
  it('passes a good topology, filling in what is rarely changed', () => {
    expect(validateTopology(good()).cells).toEqual([
      { id: 'c01', home: 'us-east-1', standby: 'us-west-2', weight: 1, intake: 'open', writesPerSecondMax: 100 },
      { id: 'c02', home: 'us-west-2', standby: 'us-east-1', weight: 3, intake: 'draining', writesPerSecondMax: 20 },
    ]);
  });

  it('passes what it returned', () => {
    const topology = validateTopology(good());
    expect(validateTopology(topology)).toEqual(topology);
    expect(validateTopology(JSON.parse(JSON.stringify(topology)))).toEqual(topology);
  });

  it('shares nothing with its input, so that a later change of the input changes no topology', () => {
    const input = good();
    const topology = validateTopology(input);
    (input.waves as string[][])[0]?.push('c09');
    expect(topology.waves).toEqual([['c01'], ['c02']]);
  });

  it('passes the configuration that the repository carries', () => {
    expect(config.cells.map((cell) => `${cell.id}@${cell.home}`)).toEqual([
      'c01@us-east-1',
      'c02@us-west-2',
      'c03@us-east-1',
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'an unknown home',
      { cells: [{ id: 'c01', home: 'mars', standby: 'us-west-2' }], waves: [['c01']] },
      'cells[0].home',
    ],
    [
      'an unknown standby',
      { cells: [{ id: 'c01', home: 'us-west-2', standby: 'mars' }], waves: [['c01']] },
      'cells[0].standby',
    ],
    [
      'a standby that is the home',
      { cells: [{ id: 'c01', home: 'us-west-2', standby: 'us-west-2' }], waves: [['c01']] },
      'cells[0].standby',
    ],
    [
      'a cell that stands twice',
      {
        cells: [
          { id: 'c01', home: 'us-east-1', standby: 'us-west-2' },
          { id: 'c01', home: 'us-west-2', standby: 'us-east-1' },
        ],
        waves: [['c01']],
      },
      'cells[1].id',
    ],
    ['a region that stands twice', { regions: ['us-east-1', 'us-west-2', 'us-east-1'] }, 'regions[2]'],
    ['one region only', { regions: ['us-east-1'] }, 'regions'],
    ['a wave that misses a cell', { waves: [['c01']] }, 'waves'],
    ['waves that repeat a cell', { waves: [['c01'], ['c02', 'c01']] }, 'waves[1][1]'],
    ['a wave with an unknown cell', { waves: [['c01'], ['c02'], ['c77']] }, 'waves[2][0]'],
    ['an empty wave', { waves: [['c01'], ['c02'], []] }, 'waves[2]'],
    [
      'a witness among the replicas',
      { arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'us-west-2' } },
      'arbiter.witness',
    ],
    [
      'three replicas beside a witness',
      { arbiter: { replicas: ['a1', 'b1', 'c1'], witness: 'd1' } },
      'arbiter.replicas',
    ],
    [
      'the same replica twice',
      { arbiter: { replicas: ['us-east-1', 'us-east-1'], witness: 'us-east-2' } },
      'arbiter.replicas[1]',
    ],
    ['a lease that is too short', { lease: { ttlMs: 10, renewEveryMs: 50 } }, 'lease.ttlMs'],
    ['renewals that are too rare', { lease: { ttlMs: 3_000, renewEveryMs: 1_001 } }, 'lease.renewEveryMs'],
    ['a lease of half a millisecond more', { lease: { ttlMs: 3_000.5, renewEveryMs: 750 } }, 'lease.ttlMs'],
    ['an unknown answer to the loss of the peer', { peerLoss: 'panic' }, 'peerLoss'],
    ['an unknown key', { leases: {} }, 'topology'],
  ])('refuses %s', (_title, change, path) => {
    expect(pathsOf({ ...good(), ...change })).toContain(path);
  });

  it.each([
    ['weight', 0],
    ['weight', 101],
    ['weight', 1.5],
    ['weight', '1'],
    ['weight', Number.NaN],
    ['writesPerSecondMax', 0],
    ['writesPerSecondMax', Number.POSITIVE_INFINITY],
    ['writesPerSecondMax', 1e9],
    ['intake', 'closed'],
  ])('refuses a cell with %s %p', (key, value) => {
    const cells = [{ id: 'c01', home: 'us-east-1', standby: 'us-west-2', [key]: value }];
    expect(pathsOf({ ...good(), cells, waves: [['c01']] })).toEqual([`cells[0].${key}`]);
  });

  it('reports every mistake at once: where, what was wrong, the value seen and the values allowed', () => {
    const input = { ...good(), peerLoss: 'panic', lease: { ttlMs: 3_000, renewEveryMs: 2_000 } };
    expect(findingsOf(input)).toEqual([
      {
        path: 'lease.renewEveryMs',
        problem: 'is out of bounds',
        seen: '2000',
        allowed: 'an integer from 50 to 1000',
      },
      { path: 'peerLoss', problem: 'is unknown', seen: '"panic"', allowed: 'continue, refuse' },
    ]);
    expect(() => validateTopology(input)).toThrow(
      /has 2 problems:\n {2}lease.renewEveryMs is out of bounds; seen: 2000; allowed: an integer from 50 to 1000\n {2}peerLoss/,
    );
  });
});

describe('validateTopology on hostile input', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a string', 'topology'],
    ['a list', []],
    ['an empty object', {}],
    ['a function', () => good()],
    ['a huge sparse list of cells', { ...good(), cells: new Array(4_000_000_000) }],
    ['a huge sparse list of regions', { ...good(), regions: new Array(4_000_000_000) }],
    ['nulls everywhere', { regions: null, arbiter: null, cells: null, waves: null, lease: null, peerLoss: null }],
    ['lists of the wrong things', { ...good(), cells: [null, 1, 'c01', [], {}], waves: [null, 1, 'c01', {}] }],
  ])('refuses %s with findings, not with a crash', (_title, input) => {
    expect(findingsOf(input).length).toBeGreaterThan(0);
  });

  it('refuses prototype keys and takes no setting from a prototype', () => {
    const withProto = { ...good(), ...JSON.parse('{"__proto__": {"peerLoss": "refuse"}}') };
    expect(pathsOf(Object.assign(JSON.parse('{"__proto__": {"polluted": true}}'), withProto))).toContain('topology');
    const inherited = Object.create(good());
    expect(pathsOf(inherited)).toEqual(expect.arrayContaining(['regions', 'arbiter', 'cells', 'waves', 'lease']));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('names a cell `constructor` or `__proto__` no differently from any other name', () => {
    const cells = [{ id: 'constructor', home: 'us-east-1', standby: 'us-west-2' }];
    expect(pathsOf({ ...good(), cells, waves: [['constructor']] })).toEqual([]);
    const hostile = [{ id: '__proto__', home: 'us-east-1', standby: 'us-west-2' }];
    expect(pathsOf({ ...good(), cells: hostile, waves: [['__proto__']] })).toContain('cells[0].id');
  });

  it('runs no getter', () => {
    const input = good();
    Object.defineProperty(input, 'peerLoss', {
      enumerable: true,
      get: () => {
        throw new Error('ran');
      },
    });
    expect(pathsOf(input)).toEqual(['peerLoss']);
  });

  it('keeps the message to a bounded size', () => {
    const cells = Array.from({ length: 1_000 }, () => ({ id: 'X'.repeat(10_000) }));
    try {
      validateTopology({ ...good(), cells });
    } catch (thrown) {
      expect((thrown as Error).message.length).toBeLessThan(20_000);
      return;
    }
    throw new Error('was not refused');
  });
});
