/**
 * No stale write accepted or acknowledged. Stale is a write under an epoch below one that has already acknowledged.
 *
 *   acknowledged  an ok of epoch e that was invoked after an ok of a higher epoch was complete; or that was invoked before
 *                 and still came later than any answer takes to travel
 *   accepted      a refused or stale write shows at the end; a write straight at the old region after the new owner's first
 *                 acknowledgement shows at the end; a quarantined commit is in somebody's final state; a copy differs from the owner's
 */
import { type Call, type History, isFencedWrite, isOk, sameJson } from '../history/call.ts';
import type { AggregateDump, CellEndState, EndState } from '../history/end-state.ts';
import { acknowledgedFencedWrites, anonymousAcknowledgements, type Reign, reignsOf } from './reigns.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';

/**
 * A call that was in flight at the takeover may be answered after the new owner's first answer: two answers travel two ways.
 * Longer than this is no travel time on one machine but an owner that acknowledged without looking at its lease.
 */
export const LATE_ANSWER_MS_MAX = 1_000;

export function noStaleWrite(input: { readonly history: History; readonly end: EndState }): CheckResult {
  return check('no-stale-write', () => {
    const reigns = reignsOf(input.history);
    const acknowledged = staleAcknowledged(input.history, reigns);
    const accepted = [
      ...showing(input, reigns),
      ...input.end.cells.flatMap((cell) => [...visibleQuarantine(cell), ...divergent(cell)]),
    ];
    return {
      findings: [...acknowledged.findings, ...accepted],
      missing: [...unreadStores(input.end), ...anonymous(input.history)],
      notes:
        acknowledged.lateInFlight === 0
          ? []
          : [`${acknowledged.lateInFlight} answers of the old epoch were in flight at a takeover.`],
      figures: {
        staleAcknowledged: acknowledged.findings.length,
        staleAccepted: accepted.length,
        lateInFlight: acknowledged.lateInFlight,
        refused: refusedByEpoch(input.history, reigns),
        quarantined: input.end.cells.reduce((sum, cell) => sum + (cell.quarantine?.length ?? 0), 0),
      },
    };
  });
}

function unreadStores(end: EndState): readonly string[] {
  return end.cells
    .filter((cell) => [cell.aggregates, cell.quarantine, cell.reconciled].includes(null))
    .map((cell) => `The stores of cell ${cell.cell} could not be read: what they accepted is known from clients only.`);
}

/** Whoever leaves the epoch out of an answer could hide a stale one: that is no pass. */
function anonymous(history: History): readonly string[] {
  const calls = anonymousAcknowledgements(history);
  const [first] = calls;
  if (!first) return [];
  return [
    `${calls.length} acknowledged fenced writes name no region or no epoch, so nobody can say whether they were stale (first: ${first.op} on line ${first.line}, answered by ${first.region}).`,
  ];
}

type Reigns = ReadonlyMap<string, readonly Reign[]>;

function staleAcknowledged(history: History, reigns: Reigns): { findings: readonly Finding[]; lateInFlight: number } {
  const findings: Finding[] = [];
  let lateInFlight = 0;
  for (const call of acknowledgedFencedWrites(history)) {
    const later = (reigns.get(call.cell) ?? []).filter((reign) => reign.epoch > call.epoch).map((reign) => reign.first);
    const before = later.find((first) => first.completedAtMs < call.invokedAtMs);
    const lateMs = Math.max(0, ...later.map((first) => call.completedAtMs - first.completedAtMs));
    if (before) {
      findings.push(
        finding('stale-acknowledged', call, `was invoked after epoch ${before.epoch} had acknowledged a write`),
      );
    } else if (lateMs > LATE_ANSWER_MS_MAX) {
      findings.push(
        finding('acknowledged-late', call, `was acknowledged ${Math.round(lateMs)} ms after a newer epoch's first`),
      );
    } else if (lateMs > 0) {
      lateInFlight += 1;
    }
  }
  return { findings, lateInFlight };
}

/** Writes that may not have taken effect, and whose own value shows at the end. */
function showing(input: { history: History; end: EndState }, reigns: Reigns): readonly Finding[] {
  const finals = new Map(input.end.finals.map((final) => [`${final.of} ${final.key}`, final.found]));
  const puts = input.history.calls.filter((call) => call.op === 'stock.put');
  const explained = new Set([
    ...puts.filter((call) => call.outcome !== 'fail' && !isStaleDirect(call, reigns)).map(valueName),
    ...takenIn(input.end),
  ]);
  // What came late and may have been adopted is no finding where the audit could not be read, which is said above.
  const unread = new Set(input.end.cells.filter(({ reconciled }) => reconciled === null).map(({ cell }) => cell));
  return puts.flatMap((call) => {
    const found = finals.get(`stock ${call.key}`);
    if (found === undefined || found === null || !sameJson(found, call.asked)) return [];
    if (explained.has(valueName(call)) || (unread.has(call.cell) && call.outcome !== 'fail')) return [];
    const how =
      call.outcome === 'fail' ? 'was refused' : `was sent to ${call.sentTo} after a newer epoch had begun elsewhere`;
    return [finding('stale-accepted', call, `${how}, and its value stands at the end`)];
  });
}

function valueName(call: Call): string {
  return `${call.key} ${JSON.stringify(call.asked)}`;
}

/** A quarantined write that the owner has taken in stands by a commit of the owner. */
function takenIn(end: EndState): readonly string[] {
  return end.cells
    .flatMap((cell) => cell.reconciled ?? [])
    .flatMap(({ action, write }) =>
      write?.of === 'stock' && (action === 'adopted' || action === 'merged')
        ? [`${write.key} ${JSON.stringify(write.value)}`]
        : [],
    );
}

/** Sent past the routers to a region that had been succeeded by another, and that never owned the cell again. */
function isStaleDirect(call: Call, reigns: Reigns): boolean {
  if (call.via !== 'direct' || !isFencedWrite(call)) return false;
  const all = reigns.get(call.cell) ?? [];
  const begun = all.filter((reign) => reign.first.completedAtMs < call.invokedAtMs);
  const current = begun.at(-1);
  if (!current || call.sentTo === null || current.regions.has(call.sentTo)) return false;
  return !all.some((reign) => reign.epoch > current.epoch && reign.regions.has(String(call.sentTo)));
}

/** By lineage, not by idempotency key: a repeat of a quarantined write under the new epoch is a write of its own. */
function visibleQuarantine(cell: CellEndState): readonly Finding[] {
  return (cell.quarantine ?? []).flatMap((entry) =>
    (cell.aggregates ?? [])
      .filter((dump) => dump.aggregate === entry.aggregate)
      .filter((dump) => dump.lineage.some((line) => line.epoch === entry.epoch && line.version >= entry.version))
      .map((dump) => ({
        rule: 'quarantined-visible',
        message: `Cell ${cell.cell}: epoch ${entry.epoch}, version ${entry.version} of ${entry.aggregate} is in quarantine and also stands in ${dump.region}.`,
        lines: [],
      })),
  );
}

/** After the heal every copy equals the owner's: what differs holds something that the owner's line never had, or lacks something. */
function divergent(cell: CellEndState): readonly Finding[] {
  const dumps = cell.aggregates ?? [];
  const owners = new Map(dumps.filter((dump) => dump.region === cell.owner).map((dump) => [dump.aggregate, dump]));
  const copies = dumps.filter((dump) => dump.region !== cell.owner);
  const held = new Set(copies.map((copy) => `${copy.region} ${copy.aggregate}`));
  const regions = new Set(copies.map((copy) => copy.region));
  const missing = [...owners.keys()].flatMap((name) =>
    [...regions].filter((region) => !held.has(`${region} ${name}`)).map((region) => ({ region, name })),
  );
  return [
    ...copies.filter((copy) => !sameCopy(copy, owners.get(copy.aggregate))).map((copy) => differs(cell, copy)),
    ...missing.map(({ region, name }) => ({
      rule: 'copy-missing',
      message: `Cell ${cell.cell}: ${region} has no copy of ${name} after the heal.`,
      lines: [],
    })),
  ];
}

function sameCopy(copy: AggregateDump, owner: AggregateDump | undefined): boolean {
  return (
    owner !== undefined &&
    copy.epoch === owner.epoch &&
    copy.version === owner.version &&
    copy.contents === owner.contents
  );
}

function differs(cell: CellEndState, copy: AggregateDump): Finding {
  const message = `Cell ${cell.cell}: ${copy.aggregate} in ${copy.region} (epoch ${copy.epoch}, version ${copy.version}) differs from the owner's after the heal.`;
  return { rule: 'copy-diverged', message, lines: [] };
}

const REFUSED_BY_EPOCH: ReadonlySet<string> = new Set(['FENCE_STALE_EPOCH', 'LEASE_NOT_HELD', 'NOT_ACTIVE']);

/** What a former owner refused after its own last acknowledgement: each would have been a stale write. */
function refusedByEpoch(history: History, reigns: Reigns): number {
  return history.calls.filter((call) => {
    if (isOk(call) || !isFencedWrite(call) || !REFUSED_BY_EPOCH.has(call.code)) return false;
    const by = call.region ?? call.sentTo;
    const own = (reigns.get(call.cell) ?? []).filter((reign) => by !== null && reign.regions.has(by));
    const over = own.findLast((reign) => reign.last.completedAtMs < call.completedAtMs);
    return over !== undefined && (reigns.get(call.cell) ?? []).some((reign) => reign.epoch > over.epoch);
  }).length;
}

function finding(rule: string, call: Call, what: string): Finding {
  return {
    rule,
    message: `${call.op} ${call.key} (${call.region ?? call.sentTo}, epoch ${call.epoch}) ${what}.`,
    lines: [call.line],
  };
}
