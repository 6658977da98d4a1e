/** How each engine is started: the command line, and what its version is called. Pure. */
import { join } from 'node:path';
import type { Engine } from './resolve-engine.ts';

export type RunnableEngine = Exclude<Engine, { kind: 'endpoint' }>;

export interface EngineCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Seven of these run at once on two cores: a serial collector and the first compiler tier halve start time and memory,
 * and a small heap is ample for a sample shop.
 */
const JAVA_FLAGS = ['-Xms16m', '-Xmx192m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];

export function engineCommand(engine: RunnableEngine, at: { dir: string; port: number }): EngineCommand {
  switch (engine.kind) {
    case 'dynoxide':
      return {
        command: engine.binary,
        args: ['--host', '127.0.0.1', '--port', String(at.port), '--db-path', join(at.dir, 'store.db')],
      };
    case 'dynamodb-local':
      return {
        command: engine.java,
        args: [
          ...JAVA_FLAGS,
          `-Djava.library.path=${engine.libDir}`,
          '-jar',
          engine.jar,
          ...['-port', String(at.port), '-dbPath', at.dir, '-sharedDb', '-disableTelemetry'],
        ],
      };
  }
}

export function engineName(engine: Engine): string {
  return engine.kind === 'endpoint' ? engine.url : engine.kind;
}
