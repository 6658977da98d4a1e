/**
 * What processes said of a document over time, judged: versions never fall, and what is bad is refused while the last good one stays
 * in use. Pure; who does not answer is neither for nor against it.
 */
import type { DocumentSeen } from './documents-seen.ts';
import type { Expectation } from './report/drill-run.ts';

export interface Sample {
  readonly atMs: number;
  readonly seen: readonly DocumentSeen[];
}

/** Of each process by name, also across its restart. */
export function versionsNeverFall(type: string, samples: readonly Sample[]): Expectation {
  const highest = new Map<string, number>();
  const falls: string[] = [];
  for (const { atMs, seen } of samples) {
    for (const { name, version } of seen) {
      if (version === null) continue;
      const before = highest.get(name) ?? version;
      if (version < before) falls.push(`${name} from ${before} to ${version} at ${Math.round(atMs)} ms`);
      highest.set(name, Math.max(before, version));
    }
  }
  if (highest.size === 0) return { held: false, otherwise: `No process ever said which ${type} it runs.` };
  return {
    held: falls.length === 0,
    otherwise: `An older ${type} came over a newer one: ${falls.slice(0, 5).join(', ')}.`,
  };
}

/** Whether every process runs `version`, and has refused something for a reason of this form. */
export function keepsLastGood(
  seen: readonly DocumentSeen[],
  { version, refused }: { readonly version: number; readonly refused: RegExp },
): boolean {
  return seen.length > 0 && seen.every((one) => one.version === version && refused.test(one.refused ?? ''));
}

/** Whether each of these processes runs `version`: one that is missing, or does not answer, does not. */
export function runsEverywhere(
  seen: readonly Pick<DocumentSeen, 'name' | 'version'>[],
  { version, processes }: { readonly version: number; readonly processes: readonly string[] },
): boolean {
  const versions = new Map(seen.map((one) => [one.name, one.version]));
  return processes.length > 0 && processes.every((name) => versions.get(name) === version);
}

/** Processes that are others than they were, by name: they died, or somebody restarted them. */
export function restarted(
  before: readonly Pick<DocumentSeen, 'name' | 'pid'>[],
  after: readonly Pick<DocumentSeen, 'name' | 'pid'>[],
): readonly string[] {
  const pids = new Map(after.map(({ name, pid }) => [name, pid]));
  return before.filter(({ name, pid }) => pids.get(name) !== pid).map(({ name }) => name);
}
