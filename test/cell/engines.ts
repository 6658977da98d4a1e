/** The implementations of the table port that the contract suites run on: in memory, and every engine that this machine has. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamoClient, ensureTable } from '../../cell/table/dynamo-client.ts';
import { DynamoTable } from '../../cell/table/dynamo-table.ts';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import type { Table } from '../../cell/table/table.ts';
import { systemClock } from '../../core/clock.ts';
import { startEngineChild } from '../../local/engine/engine-child.ts';
import { machineProbes } from '../../local/engine/machine-probes.ts';
import { type EngineKind, resolveEngine } from '../../local/engine/resolve-engine.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';

export interface TableSource {
  readonly name: string;
  /** Why this machine can't run it; the suite is skipped with this reason. */
  readonly missing: string | null;
  start(): Promise<void>;
  table(): Promise<Table>;
  stop(): Promise<void>;
}

export function tableSources(): readonly TableSource[] {
  return [memorySource(), engineSource('dynoxide'), engineSource('dynamodb-local')];
}

function memorySource(): TableSource {
  return {
    name: 'memory',
    missing: null,
    start: async () => undefined,
    table: async () => new MemoryTable(),
    stop: async () => undefined,
  };
}

function engineSource(kind: EngineKind): TableSource {
  let stop: () => Promise<void> = async () => undefined;
  let url = '';
  let tables = 0;
  return {
    name: kind,
    missing: whyMissing(kind),
    start: async () => {
      const engine = resolveEngine(machineProbes(process.cwd()), kind);
      if (engine.kind === 'endpoint') throw new Error('an engine of a kind was asked for');
      const dir = mkdtempSync(join(tmpdir(), 'holdfast-contract-'));
      const log = processLog(dir, kind);
      const child = await startEngineChild({ name: kind, engine, dir, log, clock: systemClock });
      url = `http://127.0.0.1:${await child.ready}`;
      stop = async () => {
        child.kill('SIGKILL');
        await child.exited;
        rmSync(dir, { recursive: true, force: true });
      };
    },
    table: async () => {
      const client = dynamoClient({ region: 'us-east-1', url });
      const name = `contract-${++tables}`;
      await ensureTable({ client, name, clock: systemClock });
      return new DynamoTable({ client, name, clock: systemClock });
    },
    stop: () => stop(),
  };
}

function whyMissing(kind: EngineKind): string | null {
  try {
    resolveEngine(machineProbes(process.cwd()), kind);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
