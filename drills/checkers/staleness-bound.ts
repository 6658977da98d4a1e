/**
 * Bounded staleness: a standby's answer that says "at most N ms behind" shows every write that was acknowledged more than N ms
 * before the read was even asked for. The bound is counted from later than that, so this is what the client can hold it to.
 * Both ends are instants of the history's one clock, so no clocks have to agree; only their rates have to, nearly.
 */
import { type Call, type History, isOk } from '../history/call.ts';
import { registersOf } from './registers.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';
import { mayBeUndone, shownBy, WriteOrder } from './write-order.ts';

/** Rates of two clocks differ by less than a thousandth, and the answer rounds to milliseconds. */
export const RATE_TOLERANCE = 0.001;
const ROUNDING_MS = 1;

export function stalenessBound(input: { readonly history: History }): CheckResult {
  return check('staleness-bound', () => {
    const judged = [...registersOf(input.history).values()].map(judgeKey);
    const bounds = judged.flatMap(({ bounds: some }) => some);
    return {
      findings: judged.flatMap(({ findings }) => findings),
      figures: { standbyReads: bounds.length, boundMsMax: bounds.reduce((most, bound) => Math.max(most, bound), 0) },
    };
  });
}

function judgeKey(calls: readonly Call[]): {
  readonly findings: readonly Finding[];
  readonly bounds: readonly number[];
} {
  const order = new WriteOrder(calls);
  const acknowledged = calls.filter((call) => call.op === 'stock.put' && isOk(call));
  const reads = calls.filter((call) => call.stalenessMs !== null && shownBy(call) !== undefined);
  const findings = reads.flatMap((read) => {
    const shown = shownBy(read) ?? null;
    const boundMs = (read.stalenessMs ?? 0) * (1 + RATE_TOLERANCE) + ROUNDING_MS;
    const missed = acknowledged.findLast(
      (write) =>
        write.completedAtMs < read.invokedAtMs - boundMs && order.isOlder(shown, write) && !mayBeUndone(write, read),
    );
    return missed ? [finding(read, missed)] : [];
  });
  return { findings, bounds: reads.map((read) => read.stalenessMs ?? 0) };
}

function finding(read: Call, write: Call): Finding {
  const ageMs = Math.round(read.invokedAtMs - write.completedAtMs);
  const message = `${read.region} answered ${read.key} as at most ${read.stalenessMs} ms behind, without ${JSON.stringify(write.asked)}, acknowledged ${ageMs} ms before the read was asked for.`;
  return { rule: 'staler-than-said', message, lines: [write.line, read.line] };
}
