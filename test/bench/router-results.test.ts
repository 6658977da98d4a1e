import { describe, expect, it } from '@jest/globals';
import { readWrkOutput } from '../../bench/router/load.ts';
import { parseCoreList } from '../../bench/router/pinning.ts';
import { requestBytes, wholeAnswerLength } from '../../bench/router/raw-connection.ts';
import { type LoadRound, resultsOf, textOf } from '../../bench/router/router-results.ts';

const CONTENDERS = [
  { name: 'holdfast', kind: 'holdfast' as const },
  { name: 'nginx', kind: 'native' as const },
  { name: 'slow-proxy', kind: 'node' as const },
  { name: 'quick-proxy', kind: 'node' as const },
];
const PER_CPU_SECOND = { holdfast: 30_000, nginx: 60_000, 'slow-proxy': 10_000, 'quick-proxy': 20_000 };

/** Round 2 ran on a machine half as fast, for all alike. */
function rounds(names: readonly string[]): readonly LoadRound[] {
  return [1, 0.5, 1].flatMap((speed) =>
    Object.entries(PER_CPU_SECOND)
      .filter(([name]) => names.includes(name))
      .map(([name, each]) => ({ name, bytes: 100, perSecond: each * speed, perCpuSecond: each * speed, cpuShare: 1 })),
  );
}

function resultsFor(contenders: typeof CONTENDERS) {
  const loads = rounds(contenders.map(({ name }) => name));
  const p50Ms = new Map([['direct', 0.1], ...contenders.map(({ name }) => [name, 0.3] as [string, number])]);
  return resultsOf({ contenders, sizes: [100], loads, lights: [{ bytes: 100, p50Ms }] });
}

describe('the results of the router bench', () => {
  it('compare with the best Node peer and with nginx', () => {
    const [result] = resultsFor(CONTENDERS);
    expect(result).toMatchObject({ bestNodePeer: 'quick-proxy', ratioToBestNodePeer: 1.5, ratioToNginx: 0.5 });
    expect(result?.contenders[0]).toMatchObject({ perCpuSecond: 30_000, addedP50Ms: 0.2 });
    expect(result?.contenders[0]?.cpuUsPerRequest).toBeCloseTo(33.33, 1);
  });

  it('stand without what could not be measured, and say why', () => {
    const results = resultsFor(CONTENDERS.slice(0, 1));
    expect(results[0]).toMatchObject({ bestNodePeer: null, ratioToBestNodePeer: null, ratioToNginx: null });
    const skipped = [{ name: 'nginx', reason: 'not on PATH' }];
    expect(textOf(results, { skipped, load: 'wrk' })).toContain('nginx was skipped: not on PATH');
  });
});

describe('the load of the router bench', () => {
  it('reads what wrk counted', () => {
    const output = 'Running 2s test\n  2 requests in 2.00s\nholdfast requests=5000 us=2000000 errors=0\n';
    expect(readWrkOutput(output, 0)).toEqual({ requests: 5_000, perSecond: 2_500 });
  });

  it.each([
    ['holdfast requests=5000 us=2000000 errors=1\n', 0],
    ['holdfast requests=0 us=2000000 errors=0\n', 0],
    ['unable to connect', 1],
  ])('gives no figure when an answer was not a plain success: %j', (output, exitCode) => {
    expect(() => readWrkOutput(output, exitCode)).toThrow(/wrk failed/);
  });

  it('knows the cores that it may use', () => {
    expect(parseCoreList('0-1,4')).toEqual([0, 1, 4]);
    expect(parseCoreList('')).toEqual([]);
  });

  it('knows when an answer is whole', () => {
    expect(wholeAnswerLength('HTTP/1.1 200 OK\r\ncontent-le')).toBeNull();
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    expect(wholeAnswerLength(`${head}he`)).toBe(head.length + 5);
    expect(() => wholeAnswerLength('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')).toThrow(/content-length/);
  });

  it('sends the same request to everybody', () => {
    expect(requestBytes({ path: '/small', port: 80, token: 't' })).toBe(
      'GET /small HTTP/1.1\r\nhost: 127.0.0.1:80\r\naccept: */*\r\nauthorization: Bearer t\r\n\r\n',
    );
  });
});
