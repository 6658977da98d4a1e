/**
 * `store`: what a commit costs, client and engine apart. Each round runs every call one after another (latency) and with
 * eight in flight (throughput); the order turns with the rounds, so that noise hits all alike.
 */
import { textTable } from '../../cli/text-table.ts';
import { systemClock } from '../../core/clock.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { rotated } from '../interleave.ts';
import { cpuMsOf } from '../process-usage.ts';
import { withScope } from '../scope.ts';
import { median, percentile, ratioOfRounds, significant } from '../statistics.ts';
import { type NamedCall, type StoreCall, storeCalls } from './store-calls.ts';
import { openStoreLab, type StoreLab } from './store-lab.ts';

const ROUNDS = 7;
const IN_FLIGHT = 8;
const CALLS = { warmUp: 400, sequential: 200, inFlight: 800 };
const QUICK_CALLS = { warmUp: 20, sequential: 20, inFlight: 80 };

interface Round {
  readonly latenciesMs: readonly number[];
  readonly perSecond: number;
  readonly clientCpuMs: number;
  readonly engineCpuMs: number;
}

export function measureStore({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const count = rounds ?? (quick ? 1 : ROUNDS);
  const calls = quick ? QUICK_CALLS : CALLS;
  return withScope(async (scope) => {
    onProgress('starting two engines');
    const lab = await openStoreLab(scope, { inFlightMax: IN_FLIGHT });
    const all = storeCalls(lab).map((named) => ({ ...named, rounds: [] as Round[] }));
    for (const { call } of all) await inFlight(call, calls.warmUp);
    await lab.settled();
    for (let round = 0; round < count; round++) {
      for (const each of rotated(all, round)) {
        onProgress(`round ${round + 1} of ${count}: ${each.name}`);
        each.rounds.push(await measureRound(lab, each.call, calls));
      }
    }
    const results = all.map((each) => resultOf(each, all[1]?.rounds ?? []));
    const link = 'direct, without fault links';
    return {
      settings: { rounds: count, inFlight: IN_FLIGHT, callsPerRound: calls, itemBytes: 200, link },
      versions: { engine: `${lab.engine.name} ${lab.engine.version}` },
      results,
      text: textOf(results),
    };
  });
}

/** The processor time of a commit includes shipping it to the peer afterwards: it is due, only later. */
async function measureRound(lab: StoreLab, call: StoreCall, calls: typeof CALLS): Promise<Round> {
  const latenciesMs: number[] = [];
  for (let n = 0; n < calls.sequential; n++) {
    const startMs = systemClock.monotonicMs();
    await call(0, n);
    latenciesMs.push(systemClock.monotonicMs() - startMs);
  }
  await lab.settled();
  const [client, engineCpuMs] = [process.cpuUsage(), cpuMsOf(lab.enginePids)];
  const startMs = systemClock.monotonicMs();
  await inFlight(call, calls.inFlight);
  const tookMs = systemClock.monotonicMs() - startMs;
  await lab.settled();
  const used = process.cpuUsage(client);
  return {
    latenciesMs,
    perSecond: (calls.inFlight / tookMs) * 1_000,
    clientCpuMs: (used.user + used.system) / 1_000 / calls.inFlight,
    engineCpuMs: (cpuMsOf(lab.enginePids) - engineCpuMs) / calls.inFlight,
  };
}

async function inFlight(call: StoreCall, calls: number): Promise<void> {
  const lane = async (of: number) => {
    for (let n = 0; n < calls / IN_FLIGHT; n++) await call(of, n);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, of) => lane(of)));
}

function resultOf({ name, what, rounds }: NamedCall & { rounds: readonly Round[] }, sdkPut: readonly Round[]) {
  const p50 = (round: Round) => percentile(round.latenciesMs, 0.5);
  return {
    name,
    what,
    p50Ms: significant(median(rounds.map(p50))),
    p99Ms: significant(
      percentile(
        rounds.flatMap(({ latenciesMs }) => latenciesMs),
        0.99,
      ),
    ),
    perSecond: significant(median(rounds.map(({ perSecond }) => perSecond))),
    clientCpuMsPerCall: significant(median(rounds.map(({ clientCpuMs }) => clientCpuMs))),
    engineCpuMsPerCall: significant(median(rounds.map(({ engineCpuMs }) => engineCpuMs))),
    p50RatioToSdkPut: ratioOfRounds(rounds.map(p50), sdkPut.map(p50)),
  };
}

function textOf(results: readonly ReturnType<typeof resultOf>[]): string {
  const titles = [
    '',
    'p50 ms',
    'p99 ms',
    '× SDK put',
    `calls/s, ${IN_FLIGHT} in flight`,
    'client CPU ms',
    'engines CPU ms',
  ];
  const columns = titles.map((title, at) => ({ title, ...(at > 0 ? { align: 'right' as const } : {}) }));
  const rows = results.map((each) => [
    each.what,
    ...[each.p50Ms, each.p99Ms, each.p50RatioToSdkPut, each.perSecond].map(String),
    ...[each.clientCpuMsPerCall, each.engineCpuMsPerCall].map(String),
  ]);
  const note = 'p50, p99: one after another. CPU: for each call with 8 in flight, shipping to the peer included.';
  return `${textTable(columns, rows)}\n${note}`;
}
