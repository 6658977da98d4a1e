/** Whether and when a process that died unasked is started again. Pure: the caller brings the times. */

export interface RestartPolicy {
  readonly firstWaitMs: number;
  readonly waitMsMax: number;
  /** A process that was ready for this long before it died has earned a fresh count. */
  readonly quickDeathMs: number;
  readonly quickDeathsMax: number;
}

/** Five quick deaths take 1.5 s with these: long enough for a neighbour to come up, short enough to say so at start. */
export const RESTART_POLICY: RestartPolicy = {
  firstWaitMs: 100,
  waitMsMax: 5_000,
  quickDeathMs: 10_000,
  quickDeathsMax: 5,
};

export interface DeathRecord {
  /** Quick deaths in a row, this one included. */
  readonly quickDeaths: number;
}

export type RestartVerdict =
  | { readonly kind: 'restart'; readonly waitMs: number; readonly record: DeathRecord }
  | { readonly kind: 'give-up'; readonly record: DeathRecord };

export const NO_DEATHS: DeathRecord = { quickDeaths: 0 };

/** `readyForMs`: how long it had been ready when it died; 0 when it never was. */
export function afterDeath(policy: RestartPolicy, record: DeathRecord, readyForMs: number): RestartVerdict {
  const quickDeaths = readyForMs >= policy.quickDeathMs ? 1 : record.quickDeaths + 1;
  const next = { quickDeaths };
  if (quickDeaths >= policy.quickDeathsMax) return { kind: 'give-up', record: next };
  const waitMs = Math.min(policy.waitMsMax, policy.firstWaitMs * 2 ** (quickDeaths - 1));
  return { kind: 'restart', waitMs, record: next };
}
