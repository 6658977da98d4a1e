/**
 * `drain`: a journal is filled as by a long partition, then the platform's own replicator drains it to the peer's engine:
 * commits a second, memory over time, and what a look at the journal costs as it grows. Beside it the same commits shipped
 * one call each, which is what batches are to beat.
 */
import { journalShards, readJournalPage } from '../../cell/replication/journal.ts';
import { shipCommit } from '../../cell/replication/ship-commit.ts';
import { journalPk } from '../../cell/store/table-layout.ts';
import { textTable } from '../../cli/text-table.ts';
import { systemClock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { systemRng } from '../../core/rng.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { cpuMsOf, memoryOf } from '../process-usage.ts';
import { withScope } from '../scope.ts';
import { significant } from '../statistics.ts';
import { openTwoStores, replicatorOf, runReplicator, type TwoStores } from '../store/store-lab.ts';
import { COMMITS_PER_AGGREGATE, commitsOf, fillJournal } from './journal-filling.ts';

const ENTRIES = 100_000;
const QUICK_ENTRIES = 1_000;
const STEPS = 10;
/** As many calls side by side as a sweep makes without batches. */
const ALONE_IN_FLIGHT = 16;
const ALONE_ENTRIES_MAX = 4_000;
const ALONE_FROM = 100_000_000;
const CALL_MS_MAX = 10_000;
const SAMPLE_EVERY_MS = 500;
const PROGRESS_EVERY_MS = 5_000;
/** With an hour's worth of writes five minutes are the aim; on a machine where it takes this long, what was done is told. */
const DRAIN_MS_MAX = 20 * 60_000;

export function measureDrain({ quick, entries, onProgress }: BenchRequest): Promise<Measured> {
  const count = entries ?? (quick ? QUICK_ENTRIES : ENTRIES);
  return withScope(async (scope) => {
    onProgress('starting two engines');
    const stores = await openTwoStores(scope);
    const alone = await measureAlone(stores, Math.min(count, ALONE_ENTRIES_MAX));
    const pages = await fill(stores, { count, onProgress });
    const replicator = replicatorOf(stores);
    const clientCpu = process.cpuUsage();
    const engineCpuMs = cpuMsOf(stores.enginePids);
    const startMs = systemClock.monotonicMs();
    runReplicator(scope, replicator);
    const memory = await untilDrained(stores, { startMs, count, onProgress });
    const tookMs = systemClock.monotonicMs() - startMs;
    const used = process.cpuUsage(clientCpu);
    const results = {
      entries: count,
      drainedMs: Math.round(tookMs),
      perSecond: significant((count / tookMs) * 1_000),
      alonePerSecond: significant(alone),
      clientCpuMsPerCommit: significant((used.user + used.system) / 1_000 / count),
      engineCpuMsPerCommit: significant((cpuMsOf(stores.enginePids) - engineCpuMs) / count),
      rssMb: memory,
      firstPageMs: pages,
    };
    return {
      settings: { entries: count, commitsPerAggregate: COMMITS_PER_AGGREGATE, link: 'direct, without fault links' },
      versions: { engine: `${stores.engine.name} ${stores.engine.version}` },
      results,
      text: textOf(results),
    };
  });
}

/** Each commit in a call of its own; commits a second. */
async function measureAlone(stores: TwoStores, count: number): Promise<number> {
  const [clock, rng] = [systemClock, systemRng];
  const lane = { source: stores.own, peer: stores.peer, fenceShards: stores.fenceShards, clock, rng };
  // Of aggregates beyond those that the journal is filled with.
  const commits = commitsOf({ from: ALONE_FROM, to: ALONE_FROM + count });
  const startMs = clock.monotonicMs();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const from = next;
      next += COMMITS_PER_AGGREGATE;
      for (const commit of commits.slice(from, next)) {
        await shipCommit(lane, { commit, first: false }, { deadlineAtMs: clock.monotonicMs() + CALL_MS_MAX });
      }
    }
  };
  await Promise.all(Array.from({ length: ALONE_IN_FLIGHT }, worker));
  return (count / (clock.monotonicMs() - startMs)) * 1_000;
}

/** In steps; after each, what the first page of a shard costs. */
async function fill(
  stores: TwoStores,
  { count, onProgress }: { count: number; onProgress: (text: string) => void },
): Promise<readonly { readonly entries: number; readonly ms: number }[]> {
  const pages: { entries: number; ms: number }[] = [];
  for (let step = 0; step < STEPS; step++) {
    const to = Math.round((count * (step + 1)) / STEPS);
    onProgress(`filling the journal: ${to} of ${count}`);
    await fillJournal(stores.ownUrl, { from: Math.round((count * step) / STEPS), to });
    const startMs = systemClock.monotonicMs();
    const deadlineAtMs = startMs + CALL_MS_MAX;
    for (const shard of journalShards) await readJournalPage(stores.own, { shard, limit: 100, deadlineAtMs });
    pages.push({ entries: to, ms: significant((systemClock.monotonicMs() - startMs) / journalShards.length) });
  }
  return pages;
}

/** Where each shard's first entry lies says how far its sweep has come: aggregates drain in the order of their names. */
async function untilDrained(
  stores: TwoStores,
  drain: { readonly startMs: number; readonly count: number; readonly onProgress: (text: string) => void },
) {
  const samples: number[] = [];
  let toldAtMs = drain.startMs;
  drain.onProgress(`draining ${drain.count} commits`);
  for (;;) {
    samples.push(rssMb());
    const nowMs = systemClock.monotonicMs();
    const looks = journalShards.map((shard) =>
      stores.own.query(journalPk(shard), { limit: 1, deadlineAtMs: nowMs + CALL_MS_MAX }),
    );
    const firsts = (await Promise.all(looks)).map(({ items }) => items[0]?.sk ?? null);
    if (firsts.every((sk) => sk === null)) break;
    const tookMs = nowMs - drain.startMs;
    const at = firsts.map((sk) => sk?.split('#')[0] ?? 'done').join(', ');
    if (tookMs > DRAIN_MS_MAX) throw tooSlow({ tookMs, count: drain.count, at });
    if (nowMs - toldAtMs >= PROGRESS_EVERY_MS) {
      toldAtMs = nowMs;
      drain.onProgress(`draining since ${Math.round(tookMs / 1_000)} s, ${rssMb()} MB; the shards are at ${at}`);
    }
    await systemClock.sleep(SAMPLE_EVERY_MS);
  }
  const quarter = (share: number) =>
    Math.max(...samples.slice(Math.floor(samples.length * share)).slice(0, Math.ceil(samples.length / 4)));
  return { before: samples[0] ?? 0, quarters: [0, 0.25, 0.5, 0.75].map(quarter), most: Math.max(...samples) };
}

const rssMb = () => Math.round(memoryOf([process.pid]).rssKb / 1_024);

function tooSlow({ tookMs, count, at }: { tookMs: number; count: number; at: string }): PlatformError {
  return new PlatformError({
    code: 'DEADLINE_EXCEEDED',
    kind: 'dependency',
    effect: 'none',
    message: `${count} commits had not drained after ${Math.round(tookMs / 60_000)} minutes; the shards of the journal are at ${at}. Take fewer (--entries), or a quieter machine.`,
  });
}

function textOf(results: {
  readonly entries: number;
  readonly drainedMs: number;
  readonly perSecond: number;
  readonly alonePerSecond: number;
  readonly clientCpuMsPerCommit: number;
  readonly engineCpuMsPerCommit: number;
  readonly rssMb: { readonly before: number; readonly quarters: readonly number[]; readonly most: number };
  readonly firstPageMs: readonly { readonly entries: number; readonly ms: number }[];
}): string {
  const { rssMb, firstPageMs } = results;
  const rows = [
    ['commits in the journal', String(results.entries)],
    ['drained in', `${(results.drainedMs / 1_000).toFixed(1)} s`],
    ['commits a second', String(results.perSecond)],
    ['the same, one call each', String(results.alonePerSecond)],
    ['CPU of a commit', `${results.clientCpuMsPerCommit} ms here, ${results.engineCpuMsPerCommit} ms in the engines`],
    ['memory', `${rssMb.before} MB before, at most ${rssMb.quarters.join(', ')} MB by quarters of the drain`],
    ['a page of 100, as it grew', `${firstPageMs.map(({ ms }) => ms).join(', ')} ms`],
  ];
  return textTable([{ title: '' }, { title: '' }], rows);
}
