/**
 * `reconcile`: how long the owner's loop takes to settle a quarantine, at the pace at which it always goes (one transaction at a
 * time, a rest after each page). Half of the commits are first ones of an aggregate, the other half stand on those, so each is adopted:
 * read, judged, committed under the fence, journaled, applied at the peer, audited and removed.
 */
import { AuditCopies } from '../../cell/reconcile/audit-copies.ts';
import { Reconciler } from '../../cell/reconcile/reconciler.ts';
import { journalSk, quarantineItem } from '../../cell/store/table-layout.ts';
import { textTable } from '../../cli/text-table.ts';
import { systemClock } from '../../core/clock.ts';
import type { Commit } from '../../core/commit.ts';
import { invariant } from '../../core/errors.ts';
import { aggregateId, regionName } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { cpuMsOf } from '../process-usage.ts';
import { withScope } from '../scope.ts';
import { median, significant, summarise } from '../statistics.ts';
import { openStoreLab, type StoreLab } from '../store/store-lab.ts';

const ROUNDS = 3;
const COMMITS = { full: 10_000, quick: 200 };
const CHAIN = 2;
const FILL_BATCH = 50;
const FILL_MS_MAX = 10_000;
/** Below the epoch under which the lab's owner writes. */
const LOST_EPOCH = 0;

interface Round {
  readonly tookMs: number;
  readonly ownerCpuMs: number;
  readonly engineCpuMs: number;
  readonly heapMb: number;
}

export function measureReconcile({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const count = rounds ?? (quick ? 1 : ROUNDS);
  const commits = quick ? COMMITS.quick : COMMITS.full;
  return withScope(async (scope) => {
    onProgress('starting two engines');
    const lab = await openStoreLab(scope, { inFlightMax: 1 });
    const measured: Round[] = [];
    for (let round = 0; round < count; round++) {
      onProgress(`round ${round + 1} of ${count}: filling the quarantine`);
      await fill(lab, { round, commits });
      onProgress(`round ${round + 1} of ${count}: settling ${commits} commits`);
      measured.push(await settleAll(lab, commits));
    }
    const results = resultsOf(measured, commits);
    return {
      settings: { rounds: count, commits, commitsOfAnAggregate: CHAIN, link: 'direct, without fault links' },
      versions: { engine: `${lab.engine.name} ${lab.engine.version}` },
      results,
      text: textOf(results),
    };
  });
}

async function fill(lab: StoreLab, { round, commits }: { round: number; commits: number }): Promise<void> {
  for (let from = 0; from < commits; from += FILL_BATCH) {
    const writes = Array.from({ length: Math.min(FILL_BATCH, commits - from) }, (_, n) => {
      const at = from + n;
      const commit = lostCommit({ name: `lost/${round}/${Math.floor(at / CHAIN)}`, version: (at % CHAIN) + 1 });
      const id = journalSk(commit.aggregate, commit);
      return { kind: 'put', item: quarantineItem({ id, commit, fenceEpoch: 1, quarantinedAtMs: 1 }) } as const;
    });
    await lab.own.transact(writes, { deadlineAtMs: systemClock.monotonicMs() + FILL_MS_MAX });
  }
}

function lostCommit({ name, version }: { name: string; version: number }): Commit {
  const revision = { epoch: LOST_EPOCH, version };
  return {
    ...{ aggregate: aggregateId(name), class: 'strict', ...revision, lineage: [revision] },
    previous: version === 1 ? null : { epoch: LOST_EPOCH, version: version - 1 },
    origin: regionName('us-west-2'),
    changes: [{ kind: 'put', item: 'value', data: { value: 'x'.repeat(200), version } }],
    idempotency: { key: `${name}/${version}`, fingerprint: name, response: { version } },
    ...{ outbox: [], outboxDone: [], atMs: 1 },
  };
}

async function settleAll(lab: StoreLab, commits: number): Promise<Round> {
  const reconciler = new Reconciler({
    ...{ own: lab.own, peer: lab.peer, store: lab.store, lease: lab.lease, clock: systemClock, rng: systemRng },
    copies: new AuditCopies(lab),
    ...{ region: regionName('us-east-1'), peerRegion: regionName('us-west-2'), everyMs: 1_000, ruleOf: () => null },
  });
  const [cpu, engines, startMs] = [process.cpuUsage(), cpuMsOf(lab.enginePids), systemClock.monotonicMs()];
  const { settled } = await reconciler.pass();
  invariant(settled === commits, `all ${commits} commits were settled in one pass, and not ${settled}`);
  await lab.settled();
  const tookMs = systemClock.monotonicMs() - startMs;
  const used = process.cpuUsage(cpu);
  return {
    tookMs,
    ownerCpuMs: (used.user + used.system) / 1_000,
    engineCpuMs: cpuMsOf(lab.enginePids) - engines,
    heapMb: process.memoryUsage().heapUsed / 1_048_576,
  };
}

function resultsOf(rounds: readonly Round[], commits: number) {
  const of = (figure: (round: Round) => number) => rounds.map(figure);
  return {
    commits,
    tookMs: summarise(of(({ tookMs }) => tookMs)),
    perSecond: significant((commits / median(of(({ tookMs }) => tookMs))) * 1_000),
    ownerCpuMsPerCommit: significant(median(of(({ ownerCpuMs }) => ownerCpuMs)) / commits),
    engineCpuMsPerCommit: significant(median(of(({ engineCpuMs }) => engineCpuMs)) / commits),
    heapMb: summarise(of(({ heapMb }) => heapMb)),
  };
}

function textOf(results: ReturnType<typeof resultsOf>): string {
  const { commits, tookMs, perSecond, ownerCpuMsPerCommit, engineCpuMsPerCommit, heapMb } = results;
  const titles = ['commits', 'took ms', 'commits/s', 'owner CPU ms', 'engines CPU ms', 'heap MB'];
  const row = [commits, tookMs.median, perSecond, ownerCpuMsPerCommit, engineCpuMsPerCommit, heapMb.median];
  return textTable(
    titles.map((title) => ({ title, align: 'right' as const })),
    [row.map(String)],
  );
}
