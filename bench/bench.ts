/** What a bench is, for whoever runs one; `record.ts` adds machine, versions and date to what it measured. */

export type { BenchRequest } from '../cli/services.ts';

export interface Measured {
  /** As it was run: counts, durations, what was left out and why. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Of everything but Node and Holdfast themselves. */
  readonly versions: Readonly<Record<string, string>>;
  readonly results: unknown;
  /** For people. */
  readonly text: string;
}
