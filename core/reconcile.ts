/**
 * What a quarantined commit is to the line of history that went on without it. Pure, so that the automatic loop, the
 * operator's commands and the tests share one rule.
 *
 *   untouched    nobody wrote since the revision that it was made on → it can be made again as it is
 *   superseded   what it did is in the line already (it, the commit that took it in, or the client's repeat) → nothing to do
 *   diverged     others wrote since → a declared merge, or a person
 *
 * A commit that takes a quarantined one in also writes which, as one more item of the same aggregate. The item is as durable
 * and as replicated as the change itself, so no crash, no second operator and no failover can have it taken in twice.
 */
import { type Aggregate, type Change, type Commit, includes, type Revision, sameRevision } from './commit.ts';
import type { JsonObject } from './json.ts';

/** No service sees this item: the store hides it, and a service's own items begin otherwise. */
export const TAKEN_IN_ITEM = '~reconciled';

/** The first and the last version of a run without a gap. */
type VersionRun = readonly [number, number];

export interface TakenIn {
  /** Of quarantined commits, by their epoch: which versions the line has taken in. Runs, so that thousands stay short. */
  readonly versions: Readonly<Record<string, readonly VersionRun[]>>;
  /** The last one: the line's version `at` took in the commit `of`; `whole`: as it was, so both left the same contents. */
  readonly last: { readonly at: number; readonly of: Revision; readonly whole: boolean };
}

export type Standing =
  | { readonly state: 'untouched' }
  | { readonly state: 'superseded'; readonly why: string }
  | { readonly state: 'diverged'; readonly why: string };

export function judgeQuarantined({ commit, present }: { commit: Commit; present: Aggregate }): Standing {
  const { head } = present;
  const taken = takenInOf(present);
  const inLine = (revision: Revision) => includes(head, revision) || hasTaken(taken, revision);
  if (includes(head, commit)) return superseded('the commit itself is in the line');
  if (hasTaken(taken, commit)) return superseded('it was taken in before');
  const inner = takenInBy(commit);
  if (inner && inLine(inner)) return superseded(`it took in ${shown(inner)}, which is in the line by another way`);
  const record = commit.idempotency && present.idempotency.get(commit.idempotency.key);
  if (record && record.fingerprint === commit.idempotency?.fingerprint) return superseded('its client repeated it');
  if (record) return diverged(`its idempotency key ${record.key} was used for another request since`);
  if (commit.class === 'mergeable') return diverged('it is of a lane that only its own region writes');
  if (sameRevision(head, commit.previous)) return { state: 'untouched' };
  if (taken?.last.whole && taken.last.at === head?.version && sameRevision(taken.last.of, commit.previous)) {
    return { state: 'untouched' };
  }
  return diverged(`it was made on ${shown(commit.previous)}; the aggregate stands at ${shown(head)}`);
}

/** What a commit writes to take a quarantined one in: `changes` (its own, or merged ones), and which it was. */
export function changesTakingIn(options: {
  readonly commit: Commit;
  readonly present: Aggregate;
  readonly changes: readonly Change[];
  readonly whole: boolean;
}): readonly Change[] {
  const { commit, present, changes, whole } = options;
  const inner = takenInBy(commit);
  const revisions = [commit, ...(inner ? [inner] : [])];
  const versions = revisions.reduce(withVersion, takenInOf(present)?.versions ?? {});
  const of = { epoch: commit.epoch, version: commit.version };
  const taken: TakenIn = { versions, last: { at: (present.head?.version ?? 0) + 1, of, whole } };
  // Its own note of what it took in is of a line that is over.
  const own = changes.filter((change) => change.item !== TAKEN_IN_ITEM);
  return [...own, { kind: 'put', item: TAKEN_IN_ITEM, data: taken as unknown as JsonObject }];
}

/** The quarantined commit that this one took in, when it is such a commit itself. */
export function takenInBy(commit: Commit): Revision | null {
  const note = commit.changes.find((change) => change.item === TAKEN_IN_ITEM);
  return note?.kind === 'put' ? (note.data as unknown as TakenIn).last.of : null;
}

/** The note among the items that a commit leaves, if it wrote one. */
export function takenInNote(commit: Commit): readonly (readonly [string, JsonObject])[] {
  return commit.changes.flatMap((change) =>
    change.kind === 'put' && change.item === TAKEN_IN_ITEM ? [[change.item, change.data] as const] : [],
  );
}

export function takenInOf(present: Aggregate): TakenIn | null {
  return (present.items.get(TAKEN_IN_ITEM) as unknown as TakenIn | undefined) ?? null;
}

export function hasTaken(taken: TakenIn | null, { epoch, version }: Revision): boolean {
  return (taken?.versions[epoch] ?? []).some(([from, to]) => from <= version && version <= to);
}

export function shown(revision: Revision | null): string {
  return revision === null ? 'nothing' : `${revision.epoch}.${revision.version}`;
}

function withVersion(versions: TakenIn['versions'], { epoch, version }: Revision): TakenIn['versions'] {
  const runs: [number, number][] = [];
  const all: readonly VersionRun[] = [...(versions[epoch] ?? []), [version, version]];
  for (const [from, to] of [...all].sort(([a], [b]) => a - b)) {
    const before = runs.at(-1);
    if (before && from <= before[1] + 1) before[1] = Math.max(before[1], to);
    else runs.push([from, to]);
  }
  return { ...versions, [epoch]: runs };
}

const superseded = (why: string): Standing => ({ state: 'superseded', why });
const diverged = (why: string): Standing => ({ state: 'diverged', why });
