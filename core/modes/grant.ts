/**
 * What an operation may do at the moment: everything, less in named ways, or nothing. Grants form an order (`isAtMost`), and
 * laying two over each other takes what is less in both, so modes can only ever take away.
 */

export const REDUCTIONS = ['default-order', 'no-count', 'from-copy'] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/** What a caller gets instead, so that a check from outside knows what to look for. */
export const REDUCTION_PROMISES: Readonly<Record<Reduction, string>> = {
  'default-order': 'the same products are found, in order of sku instead of best first',
  'no-count': '`likes` is null; nothing is read',
  'from-copy':
    'the region that is asked may answer from its copy, and then says how old that is (`x-staleness-ms`); one whose store fails sends the read on to the other region',
};

export type Grant =
  | { readonly kind: 'full' }
  /** In the order of `REDUCTIONS`, each once; at least one. */
  | { readonly kind: 'reduced'; readonly how: readonly Reduction[] }
  | { readonly kind: 'refused' };

export const FULL: Grant = { kind: 'full' };
export const REFUSED: Grant = { kind: 'refused' };

export function reduced(...how: readonly Reduction[]): Grant {
  const ordered = REDUCTIONS.filter((reduction) => how.includes(reduction));
  return ordered.length === 0 ? FULL : { kind: 'reduced', how: ordered };
}

/** What both allow. */
export function both(a: Grant, b: Grant): Grant {
  if (a.kind === 'refused' || b.kind === 'refused') return REFUSED;
  return reduced(...howOf(a), ...howOf(b));
}

/** Whether `a` allows nothing that `b` does not. */
export function isAtMost(a: Grant, b: Grant): boolean {
  if (a.kind === 'refused') return true;
  if (b.kind === 'refused') return false;
  const ways = howOf(a);
  return howOf(b).every((way) => ways.includes(way));
}

export function howOf(grant: Grant): readonly Reduction[] {
  return grant.kind === 'reduced' ? grant.how : [];
}

/** `full`, `reduced: from-copy`, `refused`. */
export function grantText(grant: Grant): string {
  return grant.kind === 'reduced' ? `reduced: ${grant.how.join(', ')}` : grant.kind;
}
