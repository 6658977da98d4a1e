/** Full load on one contender: `wrk` where the machine has it, else our own connections. Both say how many answers came. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { spawnGuarded } from '../../local/supervisor/guarded-spawn.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';
import { exitOf, processFailed } from '../../local/supervisor/running-child.ts';
import type { Scope } from '../scope.ts';
import { versionOf } from './native-contenders.ts';
import type { Pinning } from './pinning.ts';
import { RawConnection, requestBytes } from './raw-connection.ts';

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  readonly tokens: readonly string[];
  readonly connections: number;
  readonly durationMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
}

export interface LoadGenerator {
  readonly name: string;
  run(options: LoadOptions): Promise<LoadResult>;
}

export function loadGenerator(scope: Scope, pins: Pinning): LoadGenerator {
  const version = versionOf('wrk', '-v');
  if (version === null) return { name: 'own connections in the process of the bench (no wrk on PATH)', run: runOwn };
  return { name: `wrk ${version}, one thread`, run: (options) => runWrk(scope, { ...options, pins }) };
}

async function runWrk(scope: Scope, options: LoadOptions & { readonly pins: Pinning }): Promise<LoadResult> {
  const { port, path, connections, durationMs } = options;
  const dir = join(scope.dir, 'wrk');
  mkdirSync(dir, { recursive: true });
  const script = join(dir, 'load.lua');
  writeFileSync(script, luaScript(options.tokens));
  const log = processLog(dir, 'output');
  rmSync(log.path, { force: true });
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${Math.ceil(durationMs / 1_000)}s`,
    '-s',
    script,
    `http://127.0.0.1:${port}${path}`,
  ];
  const env = { PATH: process.env.PATH ?? '' };
  const pinned = options.pins.onLoadCores('wrk', args);
  const child = log.withFd((logFd) => spawnGuarded({ ...pinned, env, cwd: dir, logFd, channel: 'none' }));
  const exited = exitOf(child);
  scope.own({
    ...{ pid: child.pid ?? 0, ready: Promise.resolve(0), exited },
    requestShutdown: () => void child.kill('SIGTERM'),
    kill: (signal) => void child.kill(signal),
  });
  const { code } = await exited;
  return readWrkOutput(readFileSync(log.path, 'utf8'), code);
}

/** The line that our script prints at the end; anything but plain 200s makes the figure worthless. Pure. */
export function readWrkOutput(output: string, exitCode: number | null): LoadResult {
  const match = /^holdfast requests=(\d+) us=(\d+) errors=(\d+)$/m.exec(output);
  const [requests, us, errors] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (exitCode !== 0 || !match || errors > 0 || requests === 0) {
    throw processFailed(`wrk failed (exit ${exitCode}), or met errors:\n${output.slice(-1_000)}`);
  }
  return { requests, perSecond: requests / (us / 1_000_000) };
}

/** Requests are made once, before the load: the generator must not be what is measured. */
function luaScript(tokens: readonly string[]): string {
  return `local tokens = { ${tokens.map((token) => `"${token}"`).join(', ')} }
local requests, at = {}, 0
init = function(args)
  for i, token in ipairs(tokens) do
    requests[i] = wrk.format("GET", wrk.path, { accept = "*/*", authorization = "Bearer " .. token })
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("holdfast requests=%d us=%d errors=%d\\n", summary.requests, summary.duration, errors))
end
`;
}

async function runOwn(options: LoadOptions): Promise<LoadResult> {
  const { port, path, tokens } = options;
  const bytes = tokens.map((token) => requestBytes({ path, port, token }));
  const startMs = systemClock.monotonicMs();
  let requests = 0;
  const lane = async (first: number) => {
    const connection = await RawConnection.open(port);
    try {
      for (let n = first; systemClock.monotonicMs() - startMs < options.durationMs; n++) {
        await connection.send(bytes[n % bytes.length] ?? '');
        requests += 1;
      }
    } finally {
      connection.close();
    }
  };
  await Promise.all(Array.from({ length: options.connections }, (_, first) => lane(first)));
  return { requests, perSecond: (requests / (systemClock.monotonicMs() - startMs)) * 1_000 };
}
