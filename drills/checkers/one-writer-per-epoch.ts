/**
 * One writer per epoch: everything that a cell acknowledged under one epoch came from one region, and for no key did a
 * later call get an acknowledgement of an earlier epoch. "Later" is real-time order: calls that overlap may be
 * acknowledged in either order without anybody having done wrong.
 */
import { type History, isFencedWrite, isOk, type OkCall } from '../history/call.ts';
import { acknowledgedFencedWrites, reignsOf } from './reigns.ts';
import { type CheckResult, check, type Finding } from './verdict.ts';

export function oneWriterPerEpoch(history: History): CheckResult {
  return check('one-writer-per-epoch', () => {
    const reigns = [...reignsOf(history).values()].flat();
    const shared = reigns
      .filter((reign) => reign.regions.size > 1)
      .map(
        (reign): Finding => ({
          rule: 'epoch-shared',
          message: `Cell ${reign.cell}: epoch ${reign.epoch} acknowledged writes from ${[...reign.regions].join(' and ')}.`,
          lines: linesOf(history, { cell: reign.cell, epoch: reign.epoch }),
        }),
      );
    return { findings: [...shared, ...backwards(history)], figures: { reigns: reigns.length } };
  });
}

const LINES_SHOWN_MAX = 6;

/** The first write of each region under the epoch. */
function linesOf(history: History, of: { cell: string; epoch: number }): readonly number[] {
  const firsts = new Map<string, number>();
  for (const call of history.calls) {
    if (!isOk(call) || !isFencedWrite(call) || call.cell !== of.cell || call.epoch !== of.epoch) continue;
    const region = String(call.region);
    if (!firsts.has(region)) firsts.set(region, call.line);
  }
  return [...firsts.values()].slice(0, LINES_SHOWN_MAX);
}

/** Sweeps each key's acknowledgements in time, with the highest epoch that was over before each call began. */
function backwards(history: History): readonly Finding[] {
  const findings: Finding[] = [];
  const byKey = new Map<string, OkCall[]>();
  for (const call of acknowledgedFencedWrites(history)) {
    const name = `${call.cell} ${call.op} ${call.key}`;
    byKey.set(name, [...(byKey.get(name) ?? []), call]);
  }
  for (const calls of byKey.values()) {
    const byInvocation = [...calls].sort((a, b) => a.invokedAtMs - b.invokedAtMs);
    let done = 0;
    let highest: OkCall | null = null;
    for (const call of byInvocation) {
      for (let next = calls[done]; next && next.completedAtMs < call.invokedAtMs; next = calls[done]) {
        if (highest === null || Number(next.epoch) > Number(highest.epoch)) highest = next;
        done += 1;
      }
      if (highest !== null && Number(call.epoch) < Number(highest.epoch)) findings.push(wentBack(call, highest));
    }
  }
  return findings;
}

function wentBack(call: OkCall, earlier: OkCall): Finding {
  return {
    rule: 'epoch-went-back',
    message: `${call.op} ${call.key}: acknowledged under epoch ${call.epoch} after epoch ${earlier.epoch} had acknowledged it.`,
    lines: [earlier.line, call.line],
  };
}
