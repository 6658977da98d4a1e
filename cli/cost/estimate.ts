/** The monthly estimate of a topology: idle, and for a million requests of each kind; for people to plan with, not a bill. */
import type { ConsistencyClass } from '../../core/consistency.ts';
import { type CommitUnits, unitsOfCommit } from './commit-units.ts';
import { type IdleOptions, idleUsage } from './idle-usage.ts';
import { PRICES_CHECKED, PRICES_REGION } from './prices.ts';
import { REQUEST_KINDS, type RequestKind, requestUsage } from './request-usage.ts';
import { SAMPLE_COMMITS } from './sample-commits.ts';
import { type Cost, costOf, type Usage } from './usage.ts';

/** I2: below it a platform saves at the wrong end, above it resilience is what it mostly pays for. */
export const HEALTHY_SHARE = { from: 0.2, to: 0.4 } as const;

/** Ordinary traffic of a shop: nine reads for each write. Nobody measured yours. */
const MIX_READS = 0.9;

export interface Estimate {
  readonly keepers: IdleOptions['keepers'];
  readonly cells: number;
  readonly regions: readonly string[];
  readonly prices: { readonly checked: string; readonly region: string };
  readonly idle: Cost;
  readonly perMillion: readonly (RequestKind & { readonly cost: Cost })[];
  /** A million requests, nine reads for each write, the classes in equal parts. */
  readonly mixed: Cost;
  readonly commits: Readonly<Record<ConsistencyClass, CommitUnits>>;
}

export function estimate(options: IdleOptions): Estimate {
  const { topology, keepers } = options;
  return {
    keepers,
    cells: topology.cells.length,
    regions: topology.regions,
    prices: { checked: PRICES_CHECKED, region: PRICES_REGION },
    idle: costOf(idleUsage(options)),
    perMillion: REQUEST_KINDS.map((kind) => ({ ...kind, cost: costOf(requestUsage(kind)) })),
    mixed: costOf(REQUEST_KINDS.flatMap(mixedUsage)),
    commits: {
      strict: unitsOfCommit(SAMPLE_COMMITS.strict),
      leased: unitsOfCommit(SAMPLE_COMMITS.leased),
      mergeable: unitsOfCommit(SAMPLE_COMMITS.mergeable),
    },
  };
}

function mixedUsage(kind: RequestKind): readonly Usage[] {
  const share = (kind.does === 'read' ? MIX_READS : 1 - MIX_READS) / 3;
  return requestUsage(kind).map((usage) => ({ ...usage, quantity: usage.quantity * share }));
}
