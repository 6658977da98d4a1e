/**
 * `change`: how long it takes until a setting is obeyed, from the operator's call until the last process of the last cell says that
 * it runs it: a document that takes load away, a switch that takes function away, and a placement, which routers have to know as
 * well. All go everywhere at once.
 */
import { openLocalDocuments } from '../../cli/local-documents.ts';
import type { DocumentOperator } from '../../cli/services.ts';
import { textTable } from '../../cli/text-table.ts';
import { cellOf } from '../../core/cell-map.ts';
import { systemClock } from '../../core/clock.ts';
import type { DocumentType } from '../../core/documents/document-type.ts';
import { CONCURRENT_REQUESTS_MAX, limitsDocument } from '../../core/documents/limits-document.ts';
import { placementDocument, placementFrom } from '../../core/documents/placement-document.ts';
import { invariant } from '../../core/errors.ts';
import { tenantId } from '../../core/ids.ts';
import { edited } from '../../core/modes/edit-modes.ts';
import { modesType } from '../../core/modes/modes-type.ts';
import { systemRng } from '../../core/rng.ts';
import { startPlatform } from '../../local/supervisor/start-platform.ts';
import topology from '../../platform.config.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { withScope } from '../scope.ts';
import { type Summary, summarise } from '../statistics.ts';

const ROUNDS = 20;
/** After the start, so that code that runs once is not what is measured. */
const SETTLE_MS = 5_000;
const LOOK_EVERY_MS = 10;
/** Several times what is promised: a process that has not heard of it by then never will. */
const SEEN_MS_MAX = 20_000;
/** The rounds begin anywhere between two questions of the consumers. */
const PAUSE_MS_MAX = 1_000;
const HOUR_MS = 3_600_000;

interface Change {
  readonly type: DocumentType;
  readonly text: string;
  /** Versions that routers run, if they have to know. */
  readonly routed?: () => Promise<readonly (number | null)[]>;
}

interface Round {
  /** From the operator's call. */
  readonly seenMs: number;
  /** From the end of the write. */
  readonly afterWriteMs: number;
}

export function measureChange({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const count = rounds ?? (quick ? 1 : ROUNDS);
  return withScope(async (scope) => {
    const platform = await startPlatform({ topology, signals: 'leave' });
    scope.onEnd(() => platform.stop());
    const view = await platform.view();
    const machine = { clock: systemClock, rng: systemRng };
    const attach = () => Promise.resolve(platform);
    const operator = await openLocalDocuments({ view, machine, attach, issuerDir: platform.dataDir });
    scope.onEnd(() => operator.close());
    await systemClock.sleep(quick ? 0 : SETTLE_MS);
    const document: Round[] = [];
    const turn: Round[] = [];
    const placement: Round[] = [];
    const routed = () => routersRun(Object.values(view.routers));
    for (let round = 1; round <= count; round++) {
      onProgress(`round ${round} of ${count}`);
      document.push(await changeOnce(operator, { type: limitsDocument, text: lowerLimit(round) }));
      turn.push(await changeOnce(operator, { type: modesType, text: switchedOn(round) }));
      placement.push(await changeOnce(operator, { type: placementDocument(topology), text: pinned(round), routed }));
    }
    const results = { document: resultOf(document), switch: resultOf(turn), placement: resultOf(placement) };
    const processes = topology.cells.length * topology.regions.length;
    return { settings: { rounds: count, processes }, versions: view.versions, results, text: textOf(results) };
  });
}

async function changeOnce(operator: DocumentOperator, { type, text, routed = async () => [] }: Change): Promise<Round> {
  await systemClock.sleep(systemRng.next() * PAUSE_MS_MAX);
  const askedAtMs = systemClock.monotonicMs();
  const plan = await operator.plan({ type, text, why: 'measured', force: false });
  invariant(plan.road === 'at-once', `what is measured goes at once, not ${plan.road}`);
  const { kept } = await operator.publish(plan, { bakeMs: 0, forced: [], onProgress: () => undefined });
  const writtenAtMs = systemClock.monotonicMs();
  const version = kept?.edition.version ?? 0;
  const cells = topology.cells.map(({ id }) => id);
  await Promise.all([
    ...cells.map((cell) => untilSeen(async () => seenBy(await operator.running(type, cell), version))),
    untilSeen(async () => (await routed()).every((runs) => runs === version)),
  ]);
  const seenAtMs = systemClock.monotonicMs();
  return { seenMs: seenAtMs - askedAtMs, afterWriteMs: seenAtMs - writtenAtMs };
}

function seenBy(seen: Awaited<ReturnType<DocumentOperator['running']>>, version: number): boolean {
  return seen.length === topology.regions.length && seen.every((one) => one.version === version);
}

async function untilSeen(isSeen: () => Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + SEEN_MS_MAX;
  while (!(await isSeen())) {
    invariant(
      systemClock.monotonicMs() < endMs,
      `every process runs a change ${SEEN_MS_MAX} ms after it was asked for`,
    );
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}

/** Each round a little lower: in the safe direction, and never the same. */
function lowerLimit(round: number): string {
  return JSON.stringify({ ...limitsDocument.bundled, concurrentRequestsMax: CONCURRENT_REQUESTS_MAX - round });
}

/** The switch is on from the first round on; each round says so again, for longer: as much work, and never the same. */
function switchedOn(round: number): string {
  const sinceMs = Math.round(systemClock.wallMs());
  const why = { owner: 'bench', reason: `round ${round}`, sinceMs, expiresAtMs: sinceMs + HOUR_MS };
  const edit = { kind: 'switch-on', setting: { name: 'no-likes', cell: null, ...why } } as const;
  return JSON.stringify(edited(modesType.bundled, edit, sinceMs));
}

/** Another tenant each round, pinned where it is: moves nobody. */
function pinned(round: number): string {
  const tenant = tenantId(`bench-${round}`);
  const { bundled } = placementDocument(topology);
  return JSON.stringify({ ...bundled, pinned: [{ tenant, cell: cellOf(placementFrom(bundled, 1), tenant) }] });
}

function routersRun(urls: readonly string[]): Promise<readonly (number | null)[]> {
  return Promise.all(
    urls.map(async (url) => {
      const status = (await (await fetch(`${url}/_holdfast/status`)).json()) as { map: { version: number } | null };
      return status.map?.version ?? null;
    }),
  );
}

interface Result {
  readonly seenMs: Summary;
  readonly afterWriteMs: Summary;
}

function resultOf(rounds: readonly Round[]): Result {
  return {
    seenMs: summarise(rounds.map(({ seenMs }) => seenMs)),
    afterWriteMs: summarise(rounds.map(({ afterWriteMs }) => afterWriteMs)),
  };
}

function textOf(results: Readonly<Record<'document' | 'switch' | 'placement', Result>>): string {
  const titles = ['IN EFFECT IN EVERY PROCESS', 'MEDIAN ms', 'MIN', 'MAX'];
  const columns = titles.map((title, at) => ({ title, ...(at > 0 ? { align: 'right' as const } : {}) }));
  const row = (what: string, { median, min, max }: Summary) => [what, ...[median, min, max].map(String)];
  return textTable(columns, [
    row('a document, from the call', results.document.seenMs),
    row('a document, from its write', results.document.afterWriteMs),
    row('a switch, from the call', results.switch.seenMs),
    row('a switch, from its write', results.switch.afterWriteMs),
    row('a placement, from the call', results.placement.seenMs),
    row('a placement, from its write', results.placement.afterWriteMs),
  ]);
}
