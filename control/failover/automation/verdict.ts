/** The words of an automatic decision: what a signal says, and what follows for a cell. */

/**
 * One signal about one cell. `unknown` is what it says when nobody asked, nothing was measured, or the answer lies in between:
 * an absent signal is no bad one.
 */
export interface Signal {
  readonly says: 'good' | 'bad' | 'unknown';
  /** What was seen, for the record. */
  readonly because: string;
}

export type Verdict =
  | { readonly kind: 'healthy' }
  /** One signal is bad, or both are but not for long enough yet. */
  | { readonly kind: 'suspect'; readonly why: string }
  /** A person may decide; `why` says what keeps automation from doing it by itself. */
  | { readonly kind: 'propose'; readonly why: string }
  | { readonly kind: 'move' }
  /** Somebody began to move it and is gone: go on where that ended. */
  | { readonly kind: 'resume' }
  /** Nothing may be done here now, by automation at least. */
  | { readonly kind: 'hold'; readonly why: string };
