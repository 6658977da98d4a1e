/**
 * What a release is: the bundles of a cell's process, named by one digest over all of them in canonical order. Two builds of the
 * same sources are the same release on every machine; who, when and with what it was built stands beside it and not in it.
 */
import { createHash } from 'node:crypto';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

export interface ReleaseFile {
  /** Below `bundles/`, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ReleaseManifest {
  readonly format: 1;
  readonly name: string;
  /** `sha256:` and 64 hexadecimal digits, of `files`. */
  readonly digest: string;
  /** Of the package. */
  readonly version: string;
  /** The commit, with `+changes` when the sources differed from it; `null`: not built from a repository that anybody could read. */
  readonly sourceRevision: string | null;
  readonly nodeVersion: string;
  /** ISO 8601, on the builder's wall clock. */
  readonly builtAt: string;
  readonly files: readonly ReleaseFile[];
  /** Only of one that was spoilt for a drill: with what. Never of one that was built. */
  readonly spoiltWith?: string;
}

/** A release has some dozen files; more is no release of ours. */
const FILES_MAX = 1_000;
const NAME = /^[a-z0-9][a-z0-9.-]{0,62}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** Relative, and nowhere but below. */
const PATH = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[\w.-]+(?:\/[\w.-]+)*$/;

export function releaseName(value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw invalid(
    `Not a name of a release: ${shown(value)}. Allowed: 1–63 lower-case letters, digits, dots and hyphens, the first a letter or a digit.`,
  );
}

/** Canonical: one line a file, in the order of their paths' code units. */
export function digestOf(files: readonly ReleaseFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes, sha256 } of inOrder(files)) hash.update(`${sha256} ${bytes} ${path}\n`);
  return `sha256:${hash.digest('hex')}`;
}

export function inOrder(files: readonly ReleaseFile[]): readonly ReleaseFile[] {
  return [...files].sort((one, other) => (one.path < other.path ? -1 : one.path > other.path ? 1 : 0));
}

/** Throws `INVALID_INPUT`, naming what is wrong; also when the digest is not that of its own list. */
export function parseManifest(value: unknown): ReleaseManifest {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Partial<
    Record<keyof ReleaseManifest, unknown>
  >;
  if (given.format !== 1) throw invalid(`Not a manifest of a release: format ${shown(given.format)}. Allowed: 1.`);
  const name = releaseName(given.name);
  const files = parseFiles(given.files);
  const digest = text(given, 'digest');
  const manifest: ReleaseManifest = {
    ...{ format: 1, name, digest, files },
    ...{ version: text(given, 'version'), nodeVersion: text(given, 'nodeVersion'), builtAt: text(given, 'builtAt') },
    sourceRevision: given.sourceRevision === null ? null : text(given, 'sourceRevision'),
    ...(given.spoiltWith === undefined ? {} : { spoiltWith: text(given, 'spoiltWith') }),
  };
  const own = digestOf(files);
  if (DIGEST.test(digest) && digest === own) return manifest;
  throw invalid(`The manifest of ${name} says ${shown(digest)}, and its list of files has the digest ${own}.`);
}

export function parseFiles(value: unknown): readonly ReleaseFile[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > FILES_MAX) {
    throw invalid(`Not a list of a release's files: ${shown(value)}. Allowed: 1–${FILES_MAX} files.`);
  }
  return value.map((each: Partial<Record<keyof ReleaseFile, unknown>>) => {
    const { path, bytes, sha256 } = each ?? {};
    const sound = typeof path === 'string' && PATH.test(path) && Number.isSafeInteger(bytes) && Number(bytes) >= 0;
    if (sound && typeof sha256 === 'string' && SHA256.test(sha256)) return { path, bytes: Number(bytes), sha256 };
    throw invalid(`Not a file of a release: ${shown(each)}. Allowed: a relative path, its bytes and its SHA-256.`);
  });
}

function text(given: Readonly<Record<string, unknown>>, member: string): string {
  const value = given[member];
  if (typeof value === 'string' && value.length > 0 && value.length <= 200) return value;
  throw invalid(`Not a manifest of a release: ${member} is ${shown(value)}. Allowed: 1–200 characters.`);
}
