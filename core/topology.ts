/**
 * The topology: which regions, cells, leases and waves the platform consists of. `platform.config.ts` states it; nothing
 * runs on one that `validateTopology` has not passed.
 */
import { PlatformError } from './errors.ts';
import type { CellId, RegionName } from './ids.ts';
import type { AutomationSettings } from './topology-automation.ts';
import type { AwsInput, AwsSettings } from './topology-aws.ts';
import { describeFindings } from './topology-reader.ts';
import { readTopology } from './topology-rules.ts';

export interface CellSpec {
  readonly id: CellId;
  readonly home: RegionName;
  readonly standby: RegionName;
  /** Share of new tenants and of buckets, relative to the other cells' weights; an integer 1–100. */
  readonly weight: number;
  /** `draining`: keeps its tenants, gets no newcomers. */
  readonly intake: 'open' | 'draining';
  /** Upper bound of writes a second that the cell is sized for; the number of fence shards follows from it. */
  readonly writesPerSecondMax: number;
}

export interface Topology {
  readonly regions: readonly RegionName[];
  readonly arbiter: { readonly replicas: readonly RegionName[]; readonly witness: RegionName };
  readonly cells: readonly CellSpec[];
  /** Groups of cells that change together, in order. Every cell stands in exactly one. */
  readonly waves: readonly (readonly CellId[])[];
  readonly lease: { readonly ttlMs: number; readonly renewEveryMs: number };
  /** What a `replicated` write does once its peer has been gone for longer than a lease. */
  readonly peerLoss: 'continue' | 'refuse';
  readonly automation: AutomationSettings;
  /** Only what runs on AWS looks at it. */
  readonly aws: AwsSettings;
}

/** What a person writes: names as plain strings, and defaults for what is rarely changed. */
export interface TopologyInput {
  readonly regions: readonly string[];
  readonly arbiter: { readonly replicas: readonly string[]; readonly witness: string };
  readonly cells: readonly {
    readonly id: string;
    readonly home: string;
    readonly standby: string;
    readonly weight?: number;
    readonly intake?: 'open' | 'draining';
    readonly writesPerSecondMax?: number;
  }[];
  readonly waves: readonly (readonly string[])[];
  readonly lease: { readonly ttlMs: number; readonly renewEveryMs: number };
  readonly peerLoss: 'continue' | 'refuse';
  /** Default: assisted, with bounds that fit the lease. */
  readonly automation?: Partial<AutomationSettings>;
  /** Default: a sandbox that costs next to nothing while nobody uses it. */
  readonly aws?: AwsInput;
}

/**
 * Checks data that nobody has checked, and returns a copy that shares nothing with it. Throws `INVALID_TOPOLOGY` with
 * *all* findings: where, what was wrong, the value seen, the values allowed; `details.findings` has them as data.
 */
export function validateTopology(input: unknown): Topology {
  const { topology, findings } = readTopology(input);
  if (topology && findings.length === 0) return topology;
  const count = findings.length === 1 ? 'one problem' : `${findings.length} problems`;
  throw new PlatformError({
    code: 'INVALID_TOPOLOGY',
    kind: 'caller',
    effect: 'none',
    message: `The topology has ${count}:\n${describeFindings(findings)}\nCorrect it (platform.config.ts) and start again.`,
    details: { findings },
  });
}
