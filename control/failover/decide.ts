/**
 * The decision before a failover: gathers the evidence for the four questions (regional or global? can the receiver take
 * the load? how far is it behind? is it quicker to repair?), says what is expected and what speaks against it. Reads only;
 * every read is short, because evidence must not hold up a failover.
 */
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import { type Lease, PINNED_TTL_MS, takeoverWaitMs } from '../../core/lease.ts';
import type { Topology } from '../../core/topology.ts';
import {
  ARBITER_MS_MAX,
  EVIDENCE_PLANNED_MS_MAX,
  FENCED_AWAY_MS_MAX,
  fenceMsMax,
  PLANNED_PENDING_MAX,
  RECEIVER_MS_MAX,
} from './failover-limits.ts';
import type { FailoverPorts } from './failover-ports.ts';
import type { Decision, Evidence, FailoverKind } from './failover-record.ts';

export interface Request {
  readonly cell: CellId;
  /** `null`: the region that does not hold the cell now. */
  readonly to: RegionName | null;
  readonly kind: FailoverKind;
  readonly decidedBy: string;
  readonly reason: string;
  /** What the operator answers to "is it quicker to repair?"; recorded as it is. */
  readonly repair?: string;
}

export interface Deciding {
  readonly ports: FailoverPorts;
  readonly topology: Topology;
  readonly clock: Clock;
}

export async function decide(request: Request, by: Deciding): Promise<Decision> {
  const { ports, topology, clock } = by;
  const spec = topology.cells.find((cell) => cell.id === request.cell);
  if (!spec) throw refused(`Unknown cell ${request.cell}. Known: ${topology.cells.map((cell) => cell.id).join(', ')}.`);
  const lease = await ports.leases.read(request.cell, { withinMs: ARBITER_MS_MAX });
  if (lease === null)
    throw refused(`Cell ${request.cell} has no owner yet, so there is nothing to move. Start its home region.`);
  const from = lease.holder;
  const to = request.to ?? (request.kind === 'failback' ? spec.home : from === spec.home ? spec.standby : spec.home);
  if (to !== spec.home && to !== spec.standby) {
    throw refused(`${to} does not run ${spec.id}. Allowed: ${spec.home}, ${spec.standby}.`);
  }
  if (to === from) throw refused(`${to} holds ${spec.id} already (epoch ${lease.epoch}). Nothing to do.`);
  const evidence = await gather({ request, lease, from, to }, by);
  return {
    kind: request.kind,
    cell: request.cell,
    from,
    to,
    seenEpoch: lease.epoch,
    fenceWithinMs: fenceMsMax(lease.ttlMs),
    decidedBy: request.decidedBy,
    reason: request.reason,
    decidedAtMs: clock.wallMs(),
    evidence,
    expected: expectation(lease, evidence),
    objections: [
      ...pinnedObjection(lease, evidence),
      ...objections(evidence, { kind: request.kind, cell: spec.id, home: to === spec.home }),
    ],
  };
}

interface Move {
  readonly request: Request;
  readonly lease: Lease;
  readonly from: RegionName;
  readonly to: RegionName;
}

async function gather(move: Move, { ports, topology }: Deciding): Promise<Evidence> {
  const { request, lease, from, to } = move;
  const { cell } = request;
  const planned = request.kind !== 'failover';
  const limit = { withinMs: planned ? EVIDENCE_PLANNED_MS_MAX : fenceMsMax(lease.ttlMs) };
  const receiver = { withinMs: planned ? EVIDENCE_PLANNED_MS_MAX : RECEIVER_MS_MAX };
  const leases = Promise.all(topology.cells.map((spec) => ports.leases.read(spec.id, limit).catch(unanswered)));
  const answers = Promise.all(
    topology.cells.map((spec) => ports.stores.fence({ cell: spec.id, region: from }, limit).then(yes, no)),
  );
  const newStore = ports.stores.fence({ cell, region: to }, receiver).then(yes, no);
  const pending = ports.stores.pending({ cell, region: from }, limit).catch(unanswered);
  const unshipped = ports.stores.pending({ cell, region: to }, limit).catch(unanswered);
  const quarantined = Promise.all(
    [from, to].map((region) => ports.stores.quarantined({ cell, region }, limit).catch(unanswered)),
  );
  const reached = await answers;
  const oldStoreReachable = reached[topology.cells.findIndex((spec) => spec.id === cell)] === true;
  const journal = await pending;
  return {
    scope: scopeOf({ reached, oldStoreReachable, newStoreReachable: await newStore }),
    receiver: receiverOf({ topology, leases: await leases, to, cell }),
    replication: { pendingInJournal: journal?.count ?? null, morePending: journal?.more ?? false },
    repair:
      request.repair ??
      (oldStoreReachable ? 'not answered; the old store answers' : 'not answered; the old store does not answer'),
    oldStoreReachable,
    newStoreReachable: await newStore,
    receiverUnshipped: (await unshipped)?.fenced ?? null,
    quarantined: sumOf(await quarantined),
  };
}

function scopeOf(seen: {
  reached: readonly boolean[];
  oldStoreReachable: boolean;
  newStoreReachable: boolean;
}): Evidence['scope'] {
  const answered = seen.reached.filter((yes) => yes).length;
  const asked = seen.reached.length;
  const nobody = answered === 0 && asked > 0;
  const reading = seen.oldStoreReachable ? 'none' : !seen.newStoreReachable ? 'global' : nobody ? 'region' : 'cell';
  return { answered, asked, reading };
}

function receiverOf(options: {
  topology: Topology;
  leases: readonly (Lease | null)[];
  to: RegionName;
  cell: CellId;
}): Evidence['receiver'] {
  const { topology, leases, to, cell } = options;
  const there = topology.cells.filter((_, index) => leases[index]?.state === 'held' && leases[index].holder === to);
  const writesPerSecondMax = there.reduce((sum, spec) => sum + spec.writesPerSecondMax, 0);
  const own = topology.cells.find((spec) => spec.id === cell)?.writesPerSecondMax ?? 0;
  return { activeCells: there.length, writesPerSecondMax, withThisCell: writesPerSecondMax + own };
}

function expectation(lease: Lease, evidence: Evidence): Decision['expected'] {
  if (evidence.oldStoreReachable || lease.ttlMs === PINNED_TTL_MS) {
    return { path: 'fenced', awayMsMax: FENCED_AWAY_MS_MAX, loss: 'none: the old store is fenced, then drained' };
  }
  return {
    path: 'lease-wait',
    awayMsMax: Math.ceil(takeoverWaitMs(lease.ttlMs)) + FENCED_AWAY_MS_MAX,
    loss: 'acknowledged with ack "replicated": none; with ack "local": what the old journal still holds, counted when it returns',
  };
}

/** No wait proves anything about a pinned lease, so whoever can't fence has no proof at all, whatever the kind. */
function pinnedObjection({ ttlMs, holder }: Lease, { oldStoreReachable }: Evidence): readonly string[] {
  if (ttlMs !== PINNED_TTL_MS || oldStoreReachable) return [];
  return [
    `the lease is pinned: it moves only with the store of ${holder} fenced, and that does not answer from here. Run it from where that store answers, or when it is back; a cell that has to survive the loss of a whole region needs keepers "economy" or "fast"`,
  ];
}

function objections(
  evidence: Evidence,
  move: { readonly kind: FailoverKind; readonly cell: CellId; readonly home: boolean },
): readonly string[] {
  const { kind, cell, home } = move;
  const found: string[] = [];
  if (!evidence.newStoreReachable) found.push('the receiving store does not answer from here');
  if (kind === 'failover') return found;
  const { pendingInJournal, morePending } = evidence.replication;
  if (!evidence.oldStoreReachable)
    found.push(`the old store does not answer, and a ${kind} must lose nothing (a failover need not wait for it)`);
  if (morePending || (pendingInJournal ?? 0) > PLANNED_PENDING_MAX) {
    found.push(`the receiver lacks more than ${PLANNED_PENDING_MAX} commits; wait until replication has caught up`);
  }
  const { receiverUnshipped, quarantined } = evidence;
  if (receiverUnshipped !== 0) {
    const seen = receiverUnshipped === null ? 'an unknown number of' : receiverUnshipped;
    found.push(
      `the receiver has ${seen} commits of its own that it has not shipped, so its copy may differ from the owner's; wait until its process has shipped them`,
    );
  }
  // Away from home nothing waits for a person: a region that must be emptied can be, and both stores go on being settled.
  if (home && quarantined !== 0) {
    const seen = quarantined === null ? 'an unknown number of' : quarantined;
    found.push(`${seen} quarantined commits wait to be settled: holdfast quarantine list --cell ${cell}`);
  }
  return found;
}

/** `null`: a store did not say. */
function sumOf(counts: readonly (number | null)[]): number | null {
  return counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
}

function refused(message: string): PlatformError {
  return new PlatformError({ code: 'FAILOVER_REFUSED', kind: 'caller', effect: 'none', message });
}

const yes = () => true;
const no = () => false;
/** Evidence that can't be had in time is recorded as missing. */
const unanswered = () => null;
