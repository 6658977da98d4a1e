/**
 * Makes a release of what `local/build.mjs` has built: the cell's bundles out of `dist/`, each checked against the digest that
 * the build wrote down, so that a build that runs beside this one can't get halves of two into one release.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { billOfMaterials, type PackageLock } from './bill-of-materials.ts';
import { digestOf, parseFiles, type ReleaseFile, type ReleaseManifest, releaseName } from './release-manifest.ts';
import type { ReleaseShelf } from './release-shelf.ts';

const run = promisify(execFile);

export interface BuildReleaseOptions {
  /** A checkout that was built: has `dist/`, `package.json` and `package-lock.json`. */
  readonly rootDir: string;
  readonly shelf: ReleaseShelf;
  readonly clock: Clock;
  /** Default: the version of the package and the beginning of the digest. */
  readonly name?: string;
}

/** Node takes a bundle for a module only below a package that says so; below `dist/` it is ours, elsewhere this one. */
const PACKAGE: ReleaseFile = fileOf('package.json', Buffer.from('{ "type": "module" }\n'));
const PACKAGE_TEXT = '{ "type": "module" }\n';
/** Asking git is a courtesy; a repository on a slow disk must not hold a start up. */
const GIT_MS_MAX = 2_000;
/** A build takes a second or two, on a machine with nothing to spare ten times that. */
const BUILD_MS_MAX = 120_000;

/** Brings `dist/` of another checkout up to date, with its own build. Throws `INVALID_INPUT` when it has none. */
export async function buildSources(rootDir: string): Promise<void> {
  try {
    await run(process.execPath, [join(rootDir, 'local', 'build.mjs')], { timeout: BUILD_MS_MAX });
  } catch (cause) {
    throw invalid(
      `The sources in ${rootDir} could not be built: ${cause instanceof Error ? cause.message : String(cause)}. Allowed: a checkout of Holdfast with its dependencies ("npm ci").`,
    );
  }
}

/** Idempotent: the same bundles are the same release, and one that exists stays as it is. */
export async function buildRelease({ rootDir, shelf, clock, name }: BuildReleaseOptions): Promise<ReleaseManifest> {
  const [built, lock, version, sourceRevision] = await Promise.all([
    readBuilt(rootDir),
    readJson(join(rootDir, 'package-lock.json')) as Promise<PackageLock>,
    readVersion(rootDir),
    revisionOf(rootDir),
  ]);
  const files = [...built.files, PACKAGE];
  const digest = digestOf(files);
  const manifest: ReleaseManifest = {
    format: 1,
    name: releaseName(name ?? `${version}-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`),
    ...{ digest, version, sourceRevision },
    nodeVersion: process.versions.node,
    builtAt: new Date(clock.wallMs()).toISOString(),
    files,
  };
  const materials = billOfMaterials({ manifest, packages: built.packages, lock });
  return shelf.add({ manifest, materials, read: (file) => readBundle(rootDir, file) });
}

async function readBuilt(rootDir: string) {
  const path = join(rootDir, 'dist', 'cell-bundles.json');
  const built = (await readJson(path)) as Readonly<Record<'files' | 'packages' | 'external', unknown>>;
  const strings = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const foreign = strings(built.external).filter((each) => !each.startsWith('node:'));
  if (foreign.length > 0) {
    throw invalid(`A release must hold all that it runs; these are not in it: ${foreign.join(', ')}.`);
  }
  return { files: parseFiles(built.files), packages: strings(built.packages) };
}

async function readBundle(rootDir: string, file: ReleaseFile): Promise<Buffer> {
  if (file === PACKAGE) return Buffer.from(PACKAGE_TEXT);
  const bytes = await readFile(join(rootDir, 'dist', file.path));
  if (fileOf(file.path, bytes).sha256 === file.sha256) return bytes;
  throw new PlatformError({
    code: 'RELEASE_DAMAGED',
    kind: 'dependency',
    effect: 'none',
    message: `${join(rootDir, 'dist', file.path)} is not what the build wrote. If another build is running, wait for it; else remove dist/ and try again.`,
  });
}

function fileOf(path: string, bytes: Buffer): ReleaseFile {
  return { path, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function readVersion(rootDir: string): Promise<string> {
  return String(((await readJson(join(rootDir, 'package.json'))) as { readonly version?: unknown }).version);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw invalid(
      `${path} can't be read (${cause instanceof Error ? cause.message : String(cause)}). Allowed: a checkout of Holdfast that was built ("npm run build").`,
    );
  }
}

/** `null` where there is no git, or no repository. */
async function revisionOf(rootDir: string): Promise<string | null> {
  const git = async (...args: readonly string[]) =>
    (await run('git', ['-C', rootDir, ...args], { timeout: GIT_MS_MAX })).stdout.trim();
  try {
    const [commit, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '--untracked-files=no'),
    ]);
    return changes === '' ? commit : `${commit}+changes`;
  } catch {
    return null;
  }
}
