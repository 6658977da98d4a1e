/** A round of probes against scripted routers, and the lines that CloudWatch reads. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { regionName } from '../../core/ids.ts';
import { validateTopology } from '../../core/topology.ts';
import { HttpsCaller } from '../../router/lambda/https-caller.ts';
import { probeRound } from '../../router/lambda/probe-round.ts';
import { CallSigner } from '../../router/lambda/signed-call.ts';
import { EAST, TOPOLOGY_INPUT, WEST } from './router-under-test.ts';

const HERE = 'us-east-2';
const topology = validateTopology({ ...TOPOLOGY_INPUT, regions: [EAST, HERE, WEST] });
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function router(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/2015-03-31/functions/r/invocations`;
}

/** From the third region, which looks at the two others. */
async function round(east: RequestListener, west: RequestListener) {
  const own: RequestListener = () => {
    throw new Error('a region does not look at itself');
  };
  const urls = new Map([
    [EAST, await router(east)],
    [WEST, await router(west)],
    [HERE, await router(own)],
  ]);
  const caller = new HttpsCaller(systemClock);
  const signer = new CallSigner(() => ({ accessKeyId: 'AKIATEST', secretAccessKey: 's', sessionToken: '' }));
  const invokeUrl = (region: string) => urls.get(region) ?? '';
  const region = regionName(HERE);
  const lines = await probeRound({ clock: systemClock, topology, region, caller, signer, invokeUrl });
  caller.close();
  return lines.map((line) => JSON.parse(line));
}

const reporting =
  (...cells: object[]): RequestListener =>
  (_request, response) =>
    response.end(JSON.stringify({ region: 'r', mapAgeMs: 5, cells }));
const fine = { ok: true, tookMs: 12.4, region: EAST, release: 'r7', saw: '404' };

describe('a round of probes', () => {
  it('says how long each cell took through each router of the other regions, by cell, region and release', async () => {
    const bodies: string[] = [];
    const lines = await round(
      (request, response) => {
        request.on('data', (chunk) => bodies.push(String(chunk)));
        expect(request.headers.authorization).toMatch(/us-east-1\/lambda\/aws4_request/);
        reporting({ cell: 'c01', ...fine }, { cell: 'c02', ...fine })(request, response);
      },
      reporting({ cell: 'c01', ...fine }),
    );
    expect(bodies).toEqual(['{"holdfast":"probe"}']);
    expect(lines.map(({ cell, region, release, ProbeLatencyMs }) => [cell, region, release, ProbeLatencyMs])).toEqual([
      ['c01', EAST, 'r7', 12],
      ['c02', EAST, 'r7', 12],
      ['c01', WEST, 'r7', 12],
    ]);
    // A metric for each cell, router and release would cost more than all functions together.
    expect(lines.filter(({ _aws }) => _aws !== undefined)).toEqual([]);
  });

  it('says what failed, by cell and region: a cell, or a whole router', async () => {
    const failing = reporting({ cell: 'c01', ...fine }, { cell: 'c02', ...fine, ok: false, saw: 'CELL_UNREACHABLE' });
    const gone: RequestListener = (_request, response) => response.writeHead(500).end('{}');
    const lines = (await round(failing, gone)).filter(({ ProbeFailed }) => ProbeFailed === 1);
    expect(lines.map(({ cell, region, saw }) => [cell, region, saw])).toEqual([
      ['c02', EAST, 'CELL_UNREACHABLE'],
      ['c01', WEST, 'no answer of the router'],
      ['c02', WEST, 'no answer of the router'],
    ]);
    expect(lines[0]._aws.CloudWatchMetrics).toEqual([
      { Namespace: 'Holdfast', Dimensions: [['cell', 'region']], Metrics: [{ Name: 'ProbeFailed', Unit: 'Count' }] },
    ]);
  });
});
