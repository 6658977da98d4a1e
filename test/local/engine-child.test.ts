/** Each engine that this machine has, started for real. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { answersDynamo } from '../../local/engine/dynamo-call.ts';
import { startEngineChild } from '../../local/engine/engine-child.ts';
import { machineProbes } from '../../local/engine/machine-probes.ts';
import { portOwner } from '../../local/engine/port-owner.ts';
import { ENGINE_KINDS, type EngineKind, resolveEngine } from '../../local/engine/resolve-engine.ts';
import { findProject } from '../../local/project-root.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'test-local-engine-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The reason why the engine can't be tested here, or the engine. */
function engineOrReason(kind: EngineKind) {
  try {
    return resolveEngine(machineProbes(findProject().rootDir), kind);
  } catch (thrown) {
    if (thrown instanceof PlatformError) return thrown.message;
    throw thrown;
  }
}

describe.each(ENGINE_KINDS)('%s', (kind) => {
  const engine = engineOrReason(kind);
  if (typeof engine === 'string' || engine.kind === 'endpoint') {
    it.skip(`is not on this machine: ${typeof engine === 'string' ? engine : engine.url}`, () => undefined);
    return;
  }

  it('serves the DynamoDB API from a process that is ours, and is gone when it is told to go', async () => {
    const log = processLog(dir, 'engine');
    const child = await startEngineChild({ name: 'engine', engine, dir: join(dir, 'data'), log, clock: systemClock });
    const port = await child.ready;
    expect(await answersDynamo({ host: '127.0.0.1', port })).toBe(true);
    expect(['ours', 'unknown']).toContain(portOwner({ pid: child.pid, port }));
    expect(['foreign', 'unknown']).toContain(portOwner({ pid: process.pid, port }));
    child.requestShutdown();
    await child.exited;
    expect(await answersDynamo({ host: '127.0.0.1', port })).toBe(false);
  });
});

describe('startEngineChild', () => {
  it('says how an engine ended that never served', async () => {
    const log = processLog(dir, 'engine');
    const engine = { kind: 'dynoxide', binary: '/bin/false', source: 'PATH' } as const;
    const child = await startEngineChild({ name: 'c01@r1.store', engine, dir, log, clock: systemClock });
    await expect(child.ready).rejects.toThrow(/c01@r1.store exited with code 1 before it served/);
  });
});
