/**
 * Composition root of a cell's process with loops: wires the cell and runs keeper, replicator, heartbeat, relay, placement copy
 * and reconciler until it ends. All services of the process share the one that was started first.
 */
import { systemClock } from '../core/clock.ts';
import { systemRng } from '../core/rng.ts';
import { KeptFile } from '../resilience/kept-file.ts';
import { cellConfig, type Environment } from './cell-config.ts';
import type { CellRuntime } from './cell-runtime.ts';
import { GlassFile } from './modes/glass-file.ts';
import { modesStatus } from './modes/modes-status.ts';
import { openTables } from './open-tables.ts';
import type { QuarantineDesk } from './reconcile/quarantine-desk.ts';
import { setCellRuntime } from './shared-runtime.ts';
import { QUARANTINE } from './store/table-layout.ts';
import { ensureTable } from './table/dynamo-client.ts';
import { QUERY_LIMIT_MAX } from './table/table.ts';
import { warmUp } from './warm-up.ts';
import { type CellParts, toStanding, type WiredCell, wireCell } from './wire-cell.ts';

const STATUS_CALL_MS_MAX = 500;

export interface RunningCell {
  readonly runtime: CellRuntime;
  /** A page for operators and drills; reads the own store once, for the quarantine. */
  status(): Promise<CellStatus>;
  /** What arrived too late, for people. */
  readonly quarantine: QuarantineDesk;
  /** The doorbell: look at the lease now. */
  ring(): void;
  /** Takes the documents that an earlier process kept, and what a person laid over them; never rejects. */
  loadDocuments(): Promise<void>;
  stop(): Promise<void>;
}

/** Of a whole process. */
export interface StartedCell extends RunningCell {
  /** Whether the write path has been run through as often as it takes to be compiled. */
  readonly isWarm: () => boolean;
}

/** To where the supervisor has its output appended; one that can't be written to is no reason to fail. */
const logLine = (line: string) => void process.stdout.write(`${line}\n`, () => undefined);

let running: StartedCell | null = null;

export type CellStatus = Awaited<ReturnType<typeof statusOf>>;

/** Starts the runtime of this process once; a second call gets the first one's. */
export async function startCellRuntime(env: Environment): Promise<StartedCell> {
  if (running) return running;
  const config = cellConfig(env);
  const { client, name, ...tables } = openTables(config, systemClock);
  // On AWS the stacks create the tables; an engine on one machine begins empty.
  if (config.storeUrl !== undefined) await ensureTable({ client, name, clock: systemClock });
  if (running) return running;
  const documents = config.keptPath === undefined ? null : new KeptFile({ clock: systemClock, path: config.keptPath });
  const parts = { config, tables, clock: systemClock, rng: systemRng, env, documents, log: logLine };
  const cell = composeCell(parts);
  // A switch that was set holds for the first request, too.
  await cell.loadDocuments();
  const ending = new AbortController();
  const { store } = cell.runtime;
  let warm = false;
  void warmUp({ store, region: config.region, clock: systemClock, signal: ending.signal })
    // One that fails has warmed nothing and broken nothing.
    .catch(() => undefined)
    .then(() => {
      warm = true;
    });
  setCellRuntime(cell.runtime);
  running = {
    ...cell,
    isWarm: () => warm,
    stop: () => {
      ending.abort();
      return cell.stop();
    },
  };
  return running;
}

/** Wires one cell in one region and starts its loops. The simulation and the tests call it with their own parts. */
export function composeCell(parts: CellParts): RunningCell {
  const cell = wireCell({ ...parts, hearsPeer: true });
  const { keeper, replicator, heartbeat, relay, placement, reconciler, documentReader, glass } = cell;
  const stopping = new AbortController();
  const automatic = parts.config.reconcile === 'manual' ? [] : [reconciler];
  const followed = parts.documents === undefined ? [] : [documentReader];
  const { breakGlassPath: path } = parts.config;
  const glassFiles = path === undefined ? [] : [new GlassFile({ path, glass, clock: parts.clock })];
  const looping = [keeper, replicator, heartbeat, relay, placement, ...automatic, ...followed, ...glassFiles];
  const loops = looping.map((part) => part.run(stopping.signal));
  return {
    runtime: cell.runtime,
    status: () => statusOf(cell),
    quarantine: cell.quarantine,
    ring: () => keeper.ring(),
    loadDocuments: async () => {
      await Promise.all([documentReader.load(), ...glassFiles.map((file) => file.look())]);
    },
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(loops);
    },
  };
}

/** What the process remembers, exactly; and what else lies in the journal, as of the last look. */
function lagOf({ replicator, journal }: Pick<WiredCell, 'replicator' | 'journal'>): number | null {
  const leftBehindMs = journal.lagMs();
  return leftBehindMs === null ? null : Math.max(leftBehindMs, replicator.lagMs);
}

async function statusOf(cell: WiredCell) {
  const { config, keeper, replicator, journal, heartbeat, relay, counters, placement, documents, tables, clock } = cell;
  const bounds = { deadlineAtMs: clock.monotonicMs() + STATUS_CALL_MS_MAX };
  const quarantine = await tables.own.query(QUARANTINE, { ...bounds, limit: QUERY_LIMIT_MAX }).catch(() => null);
  return {
    cell: config.cell,
    region: config.region,
    standing: toStanding(keeper),
    lease: keeper.status,
    /** `lagMs`: age of the oldest commit that the peer may not have; `null`: the journal was not looked through yet. */
    replication: { ...replicator.status, lagMs: lagOf({ replicator, journal }), stalenessMs: heartbeat.stalenessMs() },
    /** `null`: the own store did not answer in time. */
    quarantine: quarantine && { count: quarantine.items.length, more: quarantine.next !== null },
    outboxWaiting: relay.waiting,
    placementVersion: placement.version,
    /** By type: which version runs here, where it came from, and what was last refused. */
    documents: { ...documents.status(), placement: placement.status },
    modes: modesStatus(cell),
    admission: cell.admission.status,
    counters: { ...counters },
  };
}
