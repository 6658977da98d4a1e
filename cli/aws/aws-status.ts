/**
 * One look at the platform on AWS: what the arbiter and the cells' tables say, read from here with the operator's own
 * credentials. Everybody is asked at once and briefly; who does not answer is part of the picture, never a reason to fail.
 * No function is asked: a status that needs the platform to run would be silent when it is wanted.
 */
import { failoverKey } from '../../cell/lease/abandonment.ts';
import { LeaseArbiter } from '../../cell/lease/lease-arbiter.ts';
import { journalShards } from '../../cell/replication/journal.ts';
import { fenceKey, journalPk, QUARANTINE, toFence } from '../../cell/store/table-layout.ts';
import { type Item, type Page, QUERY_LIMIT_MAX, type Table } from '../../cell/table/table.ts';
import type { Fence } from '../../core/fence.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Lease } from '../../core/lease.ts';
import type { CellSpec } from '../../core/topology.ts';
import { fenceShards } from '../../core/topology-sizing.ts';
import type { Machine } from '../failover-operator.ts';
import { type OperatorPorts, openOperatorPorts } from '../operator-ports.ts';
import type { OperatorReach } from '../operator-reach.ts';

/** A store that needs longer on a warm connection is not well. */
const ANSWER_MS_MAX = 2_000;

export interface AwsPlaceSnapshot {
  readonly region: RegionName;
  /** `false`: the store did not answer from here; the rest is `null`. */
  readonly answers: boolean;
  /** Highest epoch of all shards, and for whom; `null`: never fenced. */
  readonly fence: Fence | null;
  /** Every shard stands there: what a takeover needs. */
  readonly fenceWhole: boolean | null;
  /** Commits that the peer may not have. */
  readonly journal: { readonly count: number; readonly more: boolean; readonly oldestAtMs: number | null } | null;
  readonly quarantined: { readonly count: number; readonly more: boolean } | null;
  /** What the keeper there announced. */
  readonly release: string | null;
}

export interface AwsCellSnapshot {
  readonly cell: CellId;
  readonly home: RegionName;
  /** `null`: nobody ever held it, or the arbiter did not say (`arbiter` tells which). */
  readonly lease: Lease | null;
  /** A failover that is under way, or was left behind. */
  readonly failover: string | null;
  readonly places: readonly AwsPlaceSnapshot[];
}

export interface AwsSnapshot {
  readonly arbiter: readonly { readonly region: RegionName; readonly answers: boolean }[];
  readonly cells: readonly AwsCellSnapshot[];
}

export async function takeAwsSnapshot(reach: OperatorReach, machine: Machine): Promise<AwsSnapshot> {
  const { regions, cells } = reach.topology;
  const opened = regions.map((region) => ({ region, ...openOperatorPorts({ reach, region, ...machine }) }));
  try {
    const within = () => ({ deadlineAtMs: machine.clock.monotonicMs() + ANSWER_MS_MAX + reach.coldMs });
    const ids = cells.map(({ id }) => id);
    const arbiters = await Promise.all(
      opened.map(async ({ region, arbiter }) => ({ region, said: await askArbiter(arbiter, ids, within) })),
    );
    const said = arbiters.find((each) => each.said !== null)?.said ?? null;
    const [first] = opened;
    return {
      arbiter: arbiters.map((each) => ({ region: each.region, answers: each.said !== null })),
      cells: first ? await Promise.all(cells.map((spec) => askCell(spec, { ports: first, said, within }))) : [],
    };
  } finally {
    for (const { close } of opened) close();
  }
}

type Within = () => { readonly deadlineAtMs: number };

interface ArbiterSays {
  readonly leases: readonly Lease[];
  readonly records: readonly Item[];
  /** `ADDRESS#<cell>` items by cell. */
  readonly addresses: ReadonlyMap<string, readonly Item[]>;
}

async function askArbiter(table: Table, cells: readonly CellId[], within: Within): Promise<ArbiterSays | null> {
  try {
    const [leases, records, addresses] = await Promise.all([
      new LeaseArbiter(table).readAll(cells, within()),
      table.getMany(cells.map(failoverKey), within()),
      Promise.all(cells.map((cell) => table.query(`ADDRESS#${cell}`, { ...within(), limit: QUERY_LIMIT_MAX }))),
    ]);
    return { leases, records, addresses: new Map(addresses.map(({ items }, at) => [String(cells[at]), items])) };
  } catch {
    // That it does not answer from this region is the finding.
    return null;
  }
}

async function askCell(
  spec: CellSpec,
  of: { readonly ports: OperatorPorts; readonly said: ArbiterSays | null; readonly within: Within },
): Promise<AwsCellSnapshot> {
  const { said } = of;
  const record = said?.records.find(({ pk }) => pk === failoverKey(spec.id).pk);
  const places = await Promise.all([spec.home, spec.standby].map((region) => askPlace(spec, { ...of, region })));
  return {
    cell: spec.id,
    home: spec.home,
    lease: said?.leases.find(({ cell }) => cell === spec.id) ?? null,
    failover: record?.state === 'running' ? stepOf(record) : null,
    places,
  };
}

function stepOf(record: Item): string {
  const { step, decision } = JSON.parse(String(record.record)) as {
    readonly step: string;
    readonly decision: { readonly kind: string; readonly from: string; readonly to: string };
  };
  return `${decision.kind} ${decision.from} → ${decision.to} at step ${step}`;
}

async function askPlace(
  spec: CellSpec,
  of: { readonly ports: OperatorPorts; readonly said: ArbiterSays | null; readonly within: Within; region: RegionName },
): Promise<AwsPlaceSnapshot> {
  const { region, within } = of;
  const store = of.ports.store({ cell: spec.id, region });
  const shards = fenceShards(spec);
  const keys = Array.from({ length: shards }, (_, shard) => fenceKey(shard));
  const release = of.said?.addresses.get(spec.id)?.find(({ sk }) => sk === region)?.release;
  const known = { region, release: release === undefined ? null : String(release) };
  try {
    const [fences, quarantine, journal] = await Promise.all([
      store.getMany(keys, within()),
      store.query(QUARANTINE, { ...within(), limit: QUERY_LIMIT_MAX }),
      Promise.all(journalShards.map((shard) => store.query(journalPk(shard), { ...within(), limit: QUERY_LIMIT_MAX }))),
    ]);
    const seen = fences.flatMap((item) => toFence(item) ?? []);
    const fence = seen.toSorted((a, b) => b.epoch - a.epoch)[0] ?? null;
    const atIt = seen.filter(({ epoch, active }) => epoch === fence?.epoch && active === fence.active).length;
    return {
      ...known,
      ...{ answers: true, fence, fenceWhole: atIt === shards, journal: journalOf(journal) },
      quarantined: { count: quarantine.items.length, more: quarantine.next !== null },
    };
  } catch {
    // A region that is gone, or a table that is not there: the page says that it does not answer.
    return { ...known, answers: false, fence: null, fenceWhole: null, journal: null, quarantined: null };
  }
}

function journalOf(pages: readonly Page[]): AwsPlaceSnapshot['journal'] {
  const items = pages.flatMap((page) => page.items);
  const times = items.map(({ at }) => Number(at)).filter(Number.isFinite);
  return {
    count: items.length,
    more: pages.some(({ next }) => next !== null),
    oldestAtMs: times.length === 0 ? null : Math.min(...times),
  };
}
