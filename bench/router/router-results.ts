/** What the rounds of the router bench come to: medians, and ratios of our router to the best Node peer and to nginx. Pure. */
import { textTable } from '../../cli/text-table.ts';
import { median, ratioOfRounds, significant } from '../statistics.ts';
import type { Contender, Skipped } from './contender.ts';

export interface LoadRound {
  readonly name: string;
  readonly bytes: number;
  readonly perSecond: number;
  readonly perCpuSecond: number;
  /** Of one core; well below 1 means that something else was the bottleneck. */
  readonly cpuShare: number;
}

export interface LightRound {
  readonly bytes: number;
  /** By name; `direct` is the backend alone. */
  readonly p50Ms: ReadonlyMap<string, number>;
}

export interface ContenderResult {
  readonly name: string;
  readonly kind: Contender['kind'];
  readonly perCpuSecond: number;
  readonly cpuUsPerRequest: number;
  readonly perSecond: number;
  readonly cpuShare: number;
  readonly addedP50Ms: number;
}

export interface SizeResult {
  readonly bytes: number;
  readonly directP50Ms: number;
  readonly contenders: readonly ContenderResult[];
  readonly bestNodePeer: string | null;
  /** Requests for each second of processor time, ours ÷ theirs, median of the rounds; `null`: not measured. */
  readonly ratioToBestNodePeer: number | null;
  readonly ratioToNginx: number | null;
}

export interface RouterRounds {
  readonly contenders: readonly Pick<Contender, 'name' | 'kind'>[];
  readonly sizes: readonly number[];
  readonly loads: readonly LoadRound[];
  readonly lights: readonly LightRound[];
}

export function resultsOf(rounds: RouterRounds): readonly SizeResult[] {
  return rounds.sizes.map((bytes) => sizeResult(rounds, bytes));
}

function sizeResult({ contenders, loads, lights }: RouterRounds, bytes: number): SizeResult {
  const lightRounds = lights.filter((round) => round.bytes === bytes).map(({ p50Ms }) => p50Ms);
  const loadsOf = (name: string) => loads.filter((round) => round.bytes === bytes && round.name === name);
  const results = contenders.map((contender) =>
    contenderResult(contender, { loads: loadsOf(contender.name), lightRounds }),
  );
  const peers = results.filter(({ kind }) => kind === 'node').sort((a, b) => b.perCpuSecond - a.perCpuSecond);
  const ours = results.find(({ kind }) => kind === 'holdfast')?.name ?? '';
  const perCpuSecond = (name: string) => loadsOf(name).map((round) => round.perCpuSecond);
  const ratioTo = (name: string | undefined) =>
    name === undefined ? null : ratioOfRounds(perCpuSecond(ours), perCpuSecond(name));
  return {
    bytes,
    directP50Ms: significant(median(lightRounds.map((p50Ms) => p50Ms.get('direct') ?? Number.NaN))),
    contenders: results,
    bestNodePeer: peers[0]?.name ?? null,
    ratioToBestNodePeer: ratioTo(peers[0]?.name),
    ratioToNginx: ratioTo(results.find(({ name }) => name === 'nginx')?.name),
  };
}

function contenderResult(
  { name, kind }: Pick<Contender, 'name' | 'kind'>,
  of: { readonly loads: readonly LoadRound[]; readonly lightRounds: readonly ReadonlyMap<string, number>[] },
): ContenderResult {
  const medianOf = (pick: (round: LoadRound) => number) => significant(median(of.loads.map(pick)));
  const added = of.lightRounds.map((p50Ms) => (p50Ms.get(name) ?? Number.NaN) - (p50Ms.get('direct') ?? Number.NaN));
  return {
    name,
    kind,
    perCpuSecond: Math.round(medianOf((round) => round.perCpuSecond)),
    cpuUsPerRequest: medianOf((round) => 1_000_000 / round.perCpuSecond),
    perSecond: Math.round(medianOf((round) => round.perSecond)),
    cpuShare: medianOf((round) => round.cpuShare),
    addedP50Ms: significant(median(added)),
  };
}

export function textOf(
  results: readonly SizeResult[],
  of: { readonly skipped: readonly Skipped[]; readonly load: string },
): string {
  const notes = of.skipped.map(({ name, reason }) => `${name} was skipped: ${reason}`);
  return [...results.map(sizeText), [`Load: ${of.load}.`, ...notes].join('\n')].join('\n\n');
}

function sizeText(result: SizeResult): string {
  const titles = ['requests/s per core', 'CPU µs a request', 'requests/s', 'cores used', 'added p50 ms'];
  const columns = [{ title: `${result.bytes} BYTES` }, ...titles.map((title) => ({ title, align: 'right' as const }))];
  const rows = [...result.contenders]
    .sort((a, b) => b.perCpuSecond - a.perCpuSecond)
    .map((each) => [
      each.name,
      ...[each.perCpuSecond, each.cpuUsPerRequest, each.perSecond, each.cpuShare, each.addedP50Ms].map(String),
    ]);
  const ratios = [
    ...(result.bestNodePeer === null
      ? []
      : [`${result.ratioToBestNodePeer} × ${result.bestNodePeer}, the best Node peer`]),
    ...(result.ratioToNginx === null ? [] : [`${result.ratioToNginx} × nginx`]),
  ];
  const ratioLine = ratios.length > 0 ? `\nholdfast per core: ${ratios.join('; ')}` : '';
  return `${textTable(columns, rows)}${ratioLine}\nbackend alone at light load: p50 ${result.directP50Ms} ms`;
}
