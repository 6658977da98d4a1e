/**
 * Wires the parts of one cell in one region: keeper, fenced store, replicator, heartbeat, relay, reconciler. Nothing runs yet:
 * a process with loops (`runtime.ts`) and one that only takes turns (`on-demand-cell.ts`) stand on the same parts.
 */
import type { Clock } from '../core/clock.ts';
import { DOCUMENT_TYPES } from '../core/documents/document-types.ts';
import { limitsDocument, limitsOf } from '../core/documents/limits-document.ts';
import { PINNED_TTL_MS } from '../core/lease.ts';
import type { Rng } from '../core/rng.ts';
import { Admission } from '../resilience/admission.ts';
import { type CellConfig, type Environment, required } from './cell-config.ts';
import type { CellRuntime, Standing } from './cell-runtime.ts';
import type { ConflictRule } from './cell-store.ts';
import { DocumentCopies } from './documents/document-copies.ts';
import { type DocumentKeeping, DocumentReader } from './documents/document-reader.ts';
import { LeaseArbiter } from './lease/lease-arbiter.ts';
import { LeaseKeeper } from './lease/lease-keeper.ts';
import { BreakGlass, withBreakGlass } from './modes/break-glass.ts';
import { OutboxRelay } from './outbox/outbox-relay.ts';
import { PlacementCopy } from './placement-copy.ts';
import { AuditCopies } from './reconcile/audit-copies.ts';
import { QuarantineDesk } from './reconcile/quarantine-desk.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { Heartbeat } from './replication/heartbeat.ts';
import { JournalLook } from './replication/journal-look.ts';
import { PeerHealth } from './replication/peer-health.ts';
import { PeerTable } from './replication/peer-table.ts';
import { Replicator } from './replication/replicator.ts';
import { FencedStore } from './store/fenced-store.ts';
import { StoreCounters } from './store/store-counters.ts';
import type { Table } from './table/table.ts';

/** Between two passes of reconciliation where the lease has no end to measure it by. */
const PINNED_RECONCILE_EVERY_MS = 60_000;

export interface CellTables {
  readonly own: Table;
  readonly peer: Table;
  readonly arbiter: Table;
}

export interface CellParts {
  readonly config: CellConfig;
  readonly tables: CellTables;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly env: Environment;
  /** Where documents outlive the process; `null`: nowhere. Absent: nobody is asked for documents, the bundled ones hold. */
  readonly documents?: DocumentKeeping | null;
  /** Absent: what would be said is not. */
  readonly log?: (line: string) => void;
}

export interface Wiring extends CellParts {
  /** Of `PeerHealth`: for a process that makes calls only when somebody asks it. */
  readonly unwitnessedMsMax?: number;
  /** Whether this process exchanges heartbeats with the peer. */
  readonly hearsPeer: boolean;
  /** One of several processes of its region: keeper and heartbeat look at what is before they write it again. */
  readonly amongOthers?: boolean;
  /** The store refused our epoch, besides that the keeper's doorbell rings. */
  readonly onFenced?: () => void;
}

export type WiredCell = ReturnType<typeof wireCell>;

export function wireCell(wiring: Wiring) {
  const { config, tables: given, clock, rng } = wiring;
  const { region, peer: peerRegion, fenceShards } = config;
  const { health, keeper, tables } = wireLease(wiring);
  const { own, peer } = tables;
  const lane = { source: own, peer, fenceShards, clock, rng };
  const replicator = new Replicator({ ...lane, health, peerLoss: config.peerLoss });
  const journal = new JournalLook({ source: own, clock, replicator });
  const heartbeat = new Heartbeat({
    ...{ region, peerRegion, own, peer, fenceShards, lease: keeper, health, clock, rng },
    record: () => keeper.record,
    journal,
    amongOthers: wiring.amongOthers ?? false,
  });
  const counters = new StoreCounters();
  const relay = new OutboxRelay({ table: own, lease: keeper, clock, rng });
  const store = new FencedStore({
    ...{ table: own, region, fenceShards, lease: keeper, replication: replicator, counters, clock, rng },
    onFenced: () => {
      keeper.ring();
      wiring.onFenced?.();
    },
    onMessages: () => relay.ring(),
  });
  const placement = new PlacementCopy({ arbiter: given.arbiter, clock, rng });
  const rules = new Map<string, ConflictRule>();
  const reconciling = {
    ...{ region, peerRegion, own, peer, store, lease: keeper, clock, rng },
    copies: new AuditCopies({ own, peer }),
    everyMs: config.leaseTtlMs === PINNED_TTL_MS ? PINNED_RECONCILE_EVERY_MS : config.leaseTtlMs,
    ruleOf: (aggregate: string) => [...rules.values()].find(({ prefix }) => aggregate.startsWith(prefix)) ?? null,
  };
  const shared = { config, lane, health, keeper, replicator, journal, heartbeat, counters, relay };
  const parts = { ...shared, store, placement, ...wireDocuments(wiring) };
  return {
    ...parts,
    tables,
    clock,
    rng,
    reconciler: new Reconciler(reconciling),
    quarantine: new QuarantineDesk(reconciling),
    runtime: toRuntime(wiring, { ...parts, rules }),
  };
}

/** What is set at run time, and what obeys it without being asked. */
function wireDocuments({ config: { cell }, tables: { arbiter }, clock, rng, env, documents: keeping = null }: Wiring) {
  const copies = new DocumentCopies(DOCUMENT_TYPES);
  const glass = new BreakGlass();
  // For a function, which has no host that a person could stand at: changing its environment replaces its processes.
  glass.take(env.HOLDFAST_BREAK_GLASS || null);
  return {
    documents: copies,
    documentReader: new DocumentReader({ arbiter, copies, types: DOCUMENT_TYPES, cell, clock, rng, keeping }),
    glass,
    admission: new Admission({ clock, limits: () => limitsOf(copies.current(limitsDocument).body, cell) }),
  };
}

/** Who holds the lease, and what this process believes of the peer: each hears of the other. */
function wireLease({ config, tables: given, clock, rng, unwitnessedMsMax, amongOthers = false }: Wiring) {
  const bound = unwitnessedMsMax === undefined ? {} : { unwitnessedMsMax };
  const health = new PeerHealth({ clock, leaseTtlMs: config.leaseTtlMs, ...bound });
  const tables = { ...given, peer: new PeerTable(given.peer, health) };
  const keeper = new LeaseKeeper({
    ...{ ...config, ttlMs: config.leaseTtlMs, own: tables.own, clock, rng, amongOthers },
    arbiter: new LeaseArbiter(tables.arbiter),
    arbiterTable: tables.arbiter,
    onOpen: ({ peerReachable, sentAtMs }) => {
      if (!peerReachable) health.declareGone({ sinceMs: sentAtMs });
    },
    peerAnswered: (sinceMs) => health.answeredSince(sinceMs),
    onPeerBack: () => health.declareBack(),
  });
  return { health, tables, keeper };
}

interface RuntimeParts {
  readonly keeper: LeaseKeeper;
  readonly heartbeat: Heartbeat;
  readonly relay: OutboxRelay;
  readonly store: FencedStore;
  readonly placement: PlacementCopy;
  readonly documents: DocumentCopies;
  readonly glass: BreakGlass;
  readonly admission: Admission;
  readonly rules: Map<string, ConflictRule>;
}

function toRuntime({ config, clock, rng, env, hearsPeer, log }: Wiring, parts: RuntimeParts): CellRuntime {
  const { keeper, heartbeat, relay, store, placement, documents, glass, admission, rules } = parts;
  const { cell, region, peer } = config;
  return {
    identity: { cell, region, peer },
    store,
    clock,
    rng,
    release: env.HOLDFAST_RELEASE ?? null,
    log: log ?? silent,
    documents: withBreakGlass(documents, glass),
    admission,
    hearsPeer,
    standing: () => toStanding(keeper),
    servesTenant: (tenant) => placement.gives(tenant, cell),
    stalenessMs: () => heartbeat.stalenessMs(),
    copyStalenessMs: () => heartbeat.copyStalenessMs(),
    commitMark: () => heartbeat.staleness.mark(),
    hasPeersMark: (mark) => heartbeat.staleness.includes(mark),
    onMessage: (handler) => relay.register(handler),
    onConflict: (rule) => void rules.set(rule.prefix, rule),
    setting: (name) => required(env, name),
  };
}

const silent = () => undefined;

export function toStanding(keeper: LeaseKeeper): Standing {
  const standing = keeper.standing();
  if (standing.held) return { state: 'active', epoch: standing.epoch };
  return { state: 'standby', owner: standing.owner, epoch: standing.epoch };
}
