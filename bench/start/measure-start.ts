/**
 * `start`: what a user gets who types `npm start`. Each round runs the real command in a process of its own, from a folder of
 * its own: time from the spawn to its `ready` line, then processor time while nobody asks anything, then memory, then Ctrl-C.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { textTable } from '../../cli/text-table.ts';
import { systemClock } from '../../core/clock.ts';
import { findProject } from '../../local/project-root.ts';
import { spawnGuarded } from '../../local/supervisor/guarded-spawn.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';
import { describeExit, exitOf, processFailed } from '../../local/supervisor/running-child.ts';
import topology from '../../platform.config.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { commandLineOf, cpuMsOf, kindOf, memoryOf, processTree } from '../process-usage.ts';
import { type Scope, withScope } from '../scope.ts';
import { median, type Summary, significant, summarise } from '../statistics.ts';

const ROUNDS = 5;
/** Well above the 5 s that a start may take: a start that needs longer has failed. */
const READY_MS_MAX = 60_000;
const LOOK_EVERY_MS = 5;
/** After the start, so that code that runs once (compilation, first polls) is not taken for idling. */
const SETTLE_MS = 8_000;
const IDLE_MS = 10_000;
const QUICK = { settleMs: 200, idleMs: 1_000 };

interface Round {
  readonly readyMs: number;
  readonly processes: number;
  readonly pssMb: number;
  readonly rssMb: number;
  /** Share of one core. */
  readonly idleShare: number;
  readonly idleShareByKind: ReadonlyMap<string, number>;
}

export function measureStart({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const count = rounds ?? (quick ? 1 : ROUNDS);
  const { settleMs, idleMs } = quick ? QUICK : { settleMs: SETTLE_MS, idleMs: IDLE_MS };
  return withScope(async (scope) => {
    const measured: Round[] = [];
    for (let round = 0; round < count; round++) {
      onProgress(`start ${round + 1} of ${count}`);
      measured.push(await startOnce(scope, { round, settleMs, idleMs }));
    }
    const results = {
      readyMs: summarise(measured.map(({ readyMs }) => readyMs)),
      pssMb: summarise(measured.map(({ pssMb }) => pssMb)),
      rssMb: summarise(measured.map(({ rssMb }) => rssMb)),
      idleShareOfOneCore: summarise(measured.map(({ idleShare }) => idleShare)),
      idleShareByKind: byKind(measured),
      processes: measured[0]?.processes ?? 0,
    };
    return {
      settings: { rounds: count, cells: topology.cells.length, regions: topology.regions.length, settleMs, idleMs },
      versions: {},
      results,
      text: textOf(results, idleMs),
    };
  });
}

async function startOnce(
  scope: Scope,
  of: { readonly round: number; readonly settleMs: number; readonly idleMs: number },
): Promise<Round> {
  // A folder of its own: the platform that may be running from the user's folder is left alone.
  const cwd = join(scope.dir, `start-${of.round}`);
  mkdirSync(cwd, { recursive: true });
  const log = processLog(cwd, 'start');
  const startedAtMs = systemClock.monotonicMs();
  const child = log.withFd((logFd) =>
    spawnGuarded({
      command: process.execPath,
      args: [join(findProject().rootDir, 'cli', 'holdfast.mjs'), 'start', '--json'],
      env: { ...pathOf(process.env), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      cwd,
      logFd,
      channel: 'none',
    }),
  );
  const exited = exitOf(child);
  const running = scope.own({
    ...{ pid: child.pid ?? 0, ready: Promise.resolve(0), exited },
    requestShutdown: () => void child.kill('SIGTERM'),
    kill: (signal) => void child.kill(signal),
  });
  let gone = '';
  void exited.then((exit) => {
    gone = describeExit(exit);
  });
  while (!log.tail().includes('"event":"ready"')) {
    if (gone !== '') throw processFailed(`The platform ${gone} before it was ready.\n${log.tail()}`);
    if (systemClock.monotonicMs() - startedAtMs > READY_MS_MAX) {
      throw processFailed(`The platform was not ready after ${READY_MS_MAX} ms.\n${log.tail()}`);
    }
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  const readyMs = systemClock.monotonicMs() - startedAtMs;
  const usage = await idle(running.pid, of);
  child.kill('SIGINT');
  await exited;
  return { readyMs, ...usage };
}

/** Of the supervisor and all that descends from it, the guards and engines too. */
async function idle(
  pid: number,
  of: { readonly settleMs: number; readonly idleMs: number },
): Promise<Omit<Round, 'readyMs'>> {
  await systemClock.sleep(of.settleMs);
  const pids = processTree(pid);
  const beganMs = systemClock.monotonicMs();
  const before = pids.map((pid) => ({ pid, kind: kindOf(commandLineOf(pid)), cpuMs: cpuMsOf([pid]) }));
  await systemClock.sleep(of.idleMs);
  const tookMs = systemClock.monotonicMs() - beganMs;
  const idleShareByKind = new Map<string, number>();
  for (const { pid, kind, cpuMs } of before) {
    idleShareByKind.set(kind, (idleShareByKind.get(kind) ?? 0) + (cpuMsOf([pid]) - cpuMs) / tookMs);
  }
  const idleShare = [...idleShareByKind.values()].reduce((sum, share) => sum + share, 0);
  const { pssKb, rssKb } = memoryOf(pids);
  return { processes: pids.length, pssMb: pssKb / 1024, rssMb: rssKb / 1024, idleShare, idleShareByKind };
}

/** Medians, the largest first. */
function byKind(rounds: readonly Round[]): Readonly<Record<string, number>> {
  const kinds = [...(rounds[0]?.idleShareByKind.keys() ?? [])];
  const shares = kinds.map((kind): [string, number] => [
    kind,
    significant(median(rounds.map(({ idleShareByKind }) => idleShareByKind.get(kind) ?? 0))),
  ]);
  return Object.fromEntries(shares.sort(([, a], [, b]) => b - a));
}

function pathOf(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'DYNOXIDE_BIN', 'DYNAMODB_ENDPOINT', 'JAVA_HOME'];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

interface Results {
  readonly readyMs: Summary;
  readonly pssMb: Summary;
  readonly rssMb: Summary;
  readonly idleShareOfOneCore: Summary;
  readonly idleShareByKind: Readonly<Record<string, number>>;
  readonly processes: number;
}

function textOf(results: Results, idleMs: number): string {
  const row = (what: string, { median, min, max }: Summary) => [what, ...[median, min, max].map(String)];
  const percent = ({ n, ...values }: Summary): Summary => ({
    n,
    median: significant(values.median * 100),
    min: significant(values.min * 100),
    max: significant(values.max * 100),
  });
  const columns = ['', 'median', 'min', 'max'].map((title, at) => ({
    title,
    ...(at > 0 ? { align: 'right' as const } : {}),
  }));
  const table = textTable(columns, [
    row('time to ready, ms', results.readyMs),
    row('memory, PSS in sum, MB', results.pssMb),
    row('memory, RSS in sum (counts shared pages repeatedly), MB', results.rssMb),
    row(`idle for ${idleMs / 1_000} s, % of one core`, percent(results.idleShareOfOneCore)),
  ]);
  const parts = Object.entries(results.idleShareByKind).map(([kind, share]) => `${kind} ${significant(share * 100)} %`);
  return `${table}\nidle by kind: ${parts.join(', ')}`;
}
