/**
 * Guards whose absence real processes show: what is taken out, which drill must then fail, and who must say why. Fence, apply rule,
 * order and lease back each other up, so most go in pairs: a drill that passes without one of them shows nothing about it. Whether
 * each is needed by itself is for the simulation to say.
 */

export interface DrillMutant {
  readonly name: string;
  /** By their names in the list of guards. */
  readonly without: readonly string[];
  readonly drill: string;
  /** One of the drill's variants, where it has any. */
  readonly variant?: string;
  /** How the evidence begins: the checker's name, or a step of the failover with what it saw. A busy machine fails drills, too. */
  readonly evidence: string;
  /** What goes wrong, and why it takes so many guards. */
  readonly breaks: string;
}

export const DRILL_MUTANTS: readonly DrillMutant[] = [
  {
    name: 'fence and lease',
    without: ['fence check in the commit', 'validity checked by the clock'],
    drill: 'zombie-writer',
    variant: 'store',
    evidence: 'no-stale-write',
    breaks:
      'What the old owner took in while its store stood still is written when the store goes on, and stands in the line of the new owner. With the fence, its own or that of the new owner, it is refused; with the lease it is never sent.',
  },
  {
    name: 'lease',
    without: ['validity checked by the clock'],
    drill: 'split-brain',
    evidence: 'no-stale-write',
    breaks:
      'The region that is cut off, where no fence can be raised, goes on beside the new owner and acknowledges. The lease alone prevents that.',
  },
  {
    name: 'lease wait, and none alone before it is over',
    without: ['lease wait of the coordinator', 'peer gone only after a lease'],
    drill: 'split-brain',
    evidence: 'no-stale-write',
    breaks:
      'The new owner begins while the lease of the old one still runs, and both acknowledge. With the wait the old one has stopped before; while its peer is only suspect it refuses.',
  },
  {
    name: 'fence and order',
    without: ['fence check of replicated commits', 'version order of replicated commits'],
    drill: 'failback',
    evidence: 'no-stale-write',
    breaks:
      'What the lost region had alone is put over what the new owner wrote since. With the order only what nobody wrote to since could be changed, with the fence nothing.',
  },
  {
    name: 'renewal gated on the own store',
    without: ['renewal only while the own store takes writes'],
    drill: 'store-frozen',
    evidence: 'wait: still-renewed',
    breaks: 'A host whose store is frozen renews for ever, and nobody can take its cell over.',
  },
];
