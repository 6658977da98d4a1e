/**
 * A text that people edit in both regions, pure. Problem: of two edits that knew nothing of each other neither may win
 * unseen. Rule: an edit names the versions that it replaces; what nobody replaced stays, beside the others, until a person
 * settles it. Each region writes its own lane only: the versions that it made, and (as long as the other lane still has
 * them) which of the other's it has replaced. Merging is taking all versions that no lane has replaced.
 *
 * Source: multi-value registers (Shapiro et al. 2011; Dynamo's siblings). Exact sets instead of version vectors, because one
 * of two siblings of the same region can be replaced without the other. Holds for two regions: a third could see an old lane
 * beside a new one.
 */

export type Version = {
  /** `<region>.<n>`, never given twice. */
  readonly version: string;
  readonly text: string;
  /** Wall clock of the region that took it, for people. */
  readonly atMs: number;
};

export type DescriptionLane = {
  readonly region: string;
  /** Versions that this region has made so far. */
  readonly made: number;
  readonly versions: readonly Version[];
  /** The other region's versions that an edit here replaced, while its lane still shows them. */
  readonly replaced: readonly string[];
};

/** Edits that one region keeps beside each other; more want a person first. */
export const SIBLINGS_MAX = 4;

export interface Edit {
  readonly text: string;
  readonly resolves: readonly string[];
  readonly atMs: number;
}

export function emptyLane(region: string): DescriptionLane {
  return { region, made: 0, versions: [], replaced: [] };
}

/** What a person sees: one version, or several that nobody has settled. */
export function standing(a: DescriptionLane, b: DescriptionLane): readonly Version[] {
  const replaced = new Set([...a.replaced, ...b.replaced]);
  return [...a.versions, ...b.versions]
    .filter(({ version }) => !replaced.has(version))
    .sort((x, y) => (x.version < y.version ? -1 : 1));
}

/** The own lane after the edit, itself when it changes nothing; `null`: too many versions stand here unsettled. */
export function edited(own: DescriptionLane, peer: DescriptionLane, edit: Edit): DescriptionLane | null {
  const resolves = new Set(edit.resolves);
  const peersNow = new Set(peer.versions.map(({ version }) => version));
  const kept = own.versions.filter(({ version }) => !resolves.has(version) && !peer.replaced.includes(version));
  const replaced = [...new Set([...own.replaced, ...resolves])].filter((version) => peersNow.has(version));
  const next = { ...own, versions: kept, replaced };
  // The same text already stands: a repeat of this edit, or one mind in two regions. Only what it settles is left to do.
  if (standing(next, peer).some(({ text }) => text === edit.text)) return sameLane(own, next) ? own : next;
  if (kept.length >= SIBLINGS_MAX) return null;
  const made = own.made + 1;
  const version = { version: `${own.region}.${made}`, text: edit.text, atMs: edit.atMs };
  return { ...next, made, versions: [...kept, version] };
}

function sameLane(a: DescriptionLane, b: DescriptionLane): boolean {
  return a.versions.length === b.versions.length && a.replaced.join() === b.replaced.join();
}
