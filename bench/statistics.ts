/** The few statistics that the benches use. Medians and ratios, because the mean of a busy machine says nothing. Pure. */

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many values. */
  readonly n: number;
}

/** The value below which `share` of the values lie (nearest rank); `NaN` of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function summarise(values: readonly number[]): Summary {
  return {
    median: significant(median(values)),
    min: significant(Math.min(...values)),
    max: significant(Math.max(...values)),
    n: values.length,
  };
}

/** The median of the ratios round by round: what slowed a whole round down cancels out. */
export function ratioOfRounds(of: readonly number[], to: readonly number[]): number {
  const ratios = of.slice(0, to.length).map((value, round) => value / (to[round] ?? Number.NaN));
  return significant(median(ratios));
}

/** Four digits: more would pretend. */
export function significant(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : value;
}
