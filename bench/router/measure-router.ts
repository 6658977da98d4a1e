/**
 * `router`: our Node router beside nginx, HAProxy and the Node proxies one would take instead. All run at once in front of one
 * backend and are loaded in turn, round by round. The main figure is requests for each second of processor time that the
 * proxy itself used: on a machine whose load generator shares the cores, requests a second alone would measure the sharing.
 */
import { systemClock } from '../../core/clock.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { rotated } from '../interleave.ts';
import { cpuMsOf } from '../process-usage.ts';
import { type Scope, withScope } from '../scope.ts';
import { type Contender, isSkipped, type Skipped } from './contender.ts';
import { startHoldfast } from './holdfast-contender.ts';
import { lightLoad } from './light-load.ts';
import { type LoadGenerator, loadGenerator } from './load.ts';
import { startNatives } from './native-contenders.ts';
import { programPath, startPeers, startProgram } from './node-contenders.ts';
import { pinning } from './pinning.ts';
import { type LoadRound, resultsOf, textOf } from './router-results.ts';

const SIZES = [
  { path: '/small', bytes: 100 },
  { path: '/large', bytes: 10_000 },
];
const ROUNDS = 5;
const LOAD = { connections: 32, durationMs: 2_000, warmUpMs: 2_000 };
const QUICK_LOAD = { connections: 32, durationMs: 1_000, warmUpMs: 1_000 };
const LIGHT = { requestsEach: 300, pauseMs: 1 };
const QUICK_LIGHT = { requestsEach: 40, pauseMs: 1 };

interface Stage {
  readonly contenders: readonly Contender[];
  readonly skipped: readonly Skipped[];
  readonly tokens: readonly string[];
  readonly backendPort: number;
  readonly generator: LoadGenerator;
  readonly cores: string;
}

export function measureRouter({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const settings = {
    rounds: rounds ?? (quick ? 1 : ROUNDS),
    load: quick ? QUICK_LOAD : LOAD,
    light: quick ? QUICK_LIGHT : LIGHT,
  };
  return withScope(async (scope) => {
    onProgress('starting the proxies');
    const stage = await openStage(scope);
    const { contenders, skipped, generator } = stage;
    for (const contender of contenders) {
      onProgress(`warming up ${contender.name}`);
      for (const { path } of SIZES)
        await loadOnce(stage, { contender, path, ...settings.load, durationMs: settings.load.warmUpMs });
    }
    const loads: LoadRound[] = [];
    const lights: { readonly bytes: number; readonly p50Ms: ReadonlyMap<string, number> }[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      for (const { path, bytes } of SIZES) {
        for (const contender of rotated(contenders, round)) {
          onProgress(`round ${round + 1} of ${settings.rounds}, ${bytes} bytes: ${contender.name}`);
          loads.push({
            name: contender.name,
            bytes,
            ...(await loadOnce(stage, { contender, path, ...settings.load })),
          });
        }
        onProgress(`round ${round + 1} of ${settings.rounds}, ${bytes} bytes: light load`);
        lights.push({ bytes, p50Ms: await lightOnce(stage, { path, ...settings.light }) });
      }
    }
    const sizes = SIZES.map(({ bytes }) => bytes);
    const results = resultsOf({ contenders, sizes, loads, lights });
    return {
      settings: {
        ...settings,
        generator: generator.name,
        cores: stage.cores,
        workersEach: 1,
        tokenCheck: 'holdfast only',
        skipped,
      },
      versions: Object.fromEntries(contenders.map(({ name, version }) => [name, version])),
      results,
      text: textOf(results, { skipped, load: `${generator.name}; ${stage.cores}` }),
    };
  });
}

async function openStage(scope: Scope): Promise<Stage> {
  const backend = await startProgram(scope, { name: 'backend', script: programPath('backend.mjs'), env: {} });
  const backendUrl = `http://127.0.0.1:${backend.port}`;
  const [holdfast, natives, peers] = await Promise.all([
    startHoldfast(scope, backendUrl),
    startNatives(scope, backend.port),
    startPeers(scope, backendUrl),
  ]);
  const others = [...natives, ...peers];
  const contenders = [holdfast.contender, ...others.flatMap((each) => (isSkipped(each) ? [] : [each]))];
  const pins = pinning();
  pins.toLoadCores(backend.pid);
  for (const { pid } of contenders) pins.toProxyCore(pid);
  return {
    contenders,
    cores: pins.note,
    skipped: others.flatMap((each) => (isSkipped(each) ? [each] : [])),
    tokens: holdfast.tokens,
    backendPort: backend.port,
    generator: loadGenerator(scope, pins),
  };
}

async function loadOnce(
  { tokens, generator }: Stage,
  of: { contender: Contender; path: string; connections: number; durationMs: number },
): Promise<{ perSecond: number; perCpuSecond: number; cpuShare: number }> {
  const { contender, path, connections, durationMs } = of;
  const pids = [contender.pid];
  const [cpuMs, startMs] = [cpuMsOf(pids), systemClock.monotonicMs()];
  const { requests, perSecond } = await generator.run({ port: contender.port, path, tokens, connections, durationMs });
  const usedMs = cpuMsOf(pids) - cpuMs;
  const cpuShare = usedMs / (systemClock.monotonicMs() - startMs);
  return { perSecond, perCpuSecond: requests / (usedMs / 1_000), cpuShare };
}

function lightOnce(
  { contenders, tokens, backendPort }: Stage,
  of: { path: string; requestsEach: number; pauseMs: number },
): Promise<ReadonlyMap<string, number>> {
  const direct = { name: 'direct', port: backendPort };
  return lightLoad({ targets: [direct, ...contenders], tokens, ...of });
}
