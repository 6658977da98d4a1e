/** One answer of the doctor: what was looked at, what was seen, and what to do about it. */

export interface Finding {
  /** Stable, for scripts: `credentials`, `bootstrap`, … */
  readonly check: string;
  /**
   * `blocker`: a deployment would fail, or harm something that is not ours. `not-checked`: the credentials don't allow the
   * look, so nobody knows; no reason to stop, and no reason to be calm. `unfinished`: an earlier run did not come to its end,
   * and the next one goes on from there.
   */
  readonly level: 'ok' | 'blocker' | 'not-checked' | 'unfinished';
  /** A region, or `null` for the whole account or machine. */
  readonly where: string | null;
  readonly seen: string;
  /** What to do; `null` when there is nothing to do. */
  readonly remedy: string | null;
}

type Found = Pick<Finding, 'check' | 'seen'> & { readonly where?: string | null };

export function fine({ check, seen, where = null }: Found): Finding {
  return { check, level: 'ok', where, seen, remedy: null };
}

export function blocker({ check, seen, where = null, remedy }: Found & { readonly remedy: string }): Finding {
  return { check, level: 'blocker', where, seen, remedy };
}

export function notChecked({ check, seen, where = null, remedy }: Found & { readonly remedy: string }): Finding {
  return { check, level: 'not-checked', where, seen, remedy };
}

export function unfinished({ check, seen, where = null, remedy }: Found & { readonly remedy: string }): Finding {
  return { check, level: 'unfinished', where, seen, remedy };
}
