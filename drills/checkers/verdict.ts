/**
 * What a checker says. Three values, because a drill that could not look has not passed: `unknown` is the answer of a
 * checker that crashed, or that lacked its evidence.
 */

export type Verdict = 'pass' | 'fail' | 'unknown';

export interface Finding {
  /** Stable name of the kind of finding. */
  readonly rule: string;
  /** A sentence for people. */
  readonly message: string;
  /** Lines of the history that show it, where there are any. */
  readonly lines: readonly number[];
}

export interface CheckResult {
  readonly checker: string;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Findings beyond `FINDINGS_MAX` are counted only. */
  readonly findingsTotal: number;
  /** Things worth saying that are no violation. */
  readonly notes: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** A broken system can produce a finding per call; the first ones tell what is wrong. */
export const FINDINGS_MAX = 50;

export interface Judgement {
  readonly findings: readonly Finding[];
  /** Evidence that was missing: turns a pass into unknown. */
  readonly missing?: readonly string[];
  readonly notes?: readonly string[];
  readonly figures?: Readonly<Record<string, number>>;
}

/** Runs a judgement; whatever it throws means unknown, never pass. */
export function check(checker: string, judge: () => Judgement): CheckResult {
  try {
    return resultOf(checker, judge());
  } catch (thrown) {
    // A checker's bug is not the platform's failure, and certainly not its success.
    const message = `The checker crashed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    const findings = [{ rule: 'checker-crashed', message, lines: [] }];
    return { checker, verdict: 'unknown', findings, findingsTotal: 1, notes: [], figures: {} };
  }
}

function resultOf(checker: string, judgement: Judgement): CheckResult {
  const missing = judgement.missing ?? [];
  const verdict = judgement.findings.length > 0 ? 'fail' : missing.length > 0 ? 'unknown' : 'pass';
  return {
    checker,
    verdict,
    findings: judgement.findings.slice(0, FINDINGS_MAX),
    findingsTotal: judgement.findings.length,
    notes: [...missing, ...(judgement.notes ?? [])],
    figures: judgement.figures ?? {},
  };
}

/** Fail beats unknown beats pass; no verdict at all is unknown. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : 'pass';
}
