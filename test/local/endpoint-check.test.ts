import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { callDynamo } from '../../local/engine/dynamo-call.ts';
import { assertRegionsApart, type EndpointEngine } from '../../local/engine/endpoint-check.ts';
import { startEngineChild } from '../../local/engine/engine-child.ts';
import { machineProbes } from '../../local/engine/machine-probes.ts';
import { resolveEngine } from '../../local/engine/resolve-engine.ts';
import { findProject } from '../../local/project-root.ts';
import { freePort } from '../../local/supervisor/free-ports.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';

const REGIONS = ['us-east-1', 'us-west-2'] as const;
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'test-local-endpoint-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const endpointOn = (port: number): EndpointEngine => ({
  kind: 'endpoint',
  url: `http://127.0.0.1:${port}`,
  host: '127.0.0.1',
  port,
});

describe('assertRegionsApart', () => {
  it('refuses an endpoint with one set of tables for all regions, and leaves no table behind', async () => {
    const engine = resolveEngine({ ...machineProbes(findProject().rootDir), env: process.env });
    if (engine.kind === 'endpoint') return;
    // Both engines are started so that they know no regions: each store has a process of its own.
    const log = processLog(dir, 'engine');
    const child = await startEngineChild({ name: 'engine', engine, dir: join(dir, 'data'), log, clock: systemClock });
    const port = await child.ready;
    await expect(assertRegionsApart(endpointOn(port), REGIONS)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('keeps one set of tables for all regions'),
    });
    const listed = await callDynamo({
      host: '127.0.0.1',
      port,
      region: REGIONS[0],
      operation: 'ListTables',
      input: {},
    });
    expect(JSON.parse(listed?.body ?? '{}')).toEqual({ TableNames: [] });
    child.kill('SIGKILL');
    await child.exited;
  });

  it('refuses an endpoint that does not answer', async () => {
    await expect(assertRegionsApart(endpointOn(await freePort()), REGIONS)).rejects.toThrow(
      /does not work as a local DynamoDB \(CreateTable: no answer\)/,
    );
  });
});
