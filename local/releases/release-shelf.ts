/**
 * A folder of releases. Invariants: a release appears whole or not at all and is never changed afterwards; nothing is run from
 * one whose files are not those of its manifest.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { CycloneDx } from './bill-of-materials.ts';
import { parseManifest, type ReleaseFile, type ReleaseManifest, releaseName } from './release-manifest.ts';

const MANIFEST = 'manifest.json';
const MATERIALS = 'bom.cdx.json';
const BUNDLES = 'bundles';
/** In a message; the rest is counted. */
const DIFFERENCES_SHOWN_MAX = 5;

export interface ShelvedRelease {
  readonly manifest: ReleaseManifest;
  /** What Node runs as a cell's process. */
  readonly cellScript: string;
}

export interface NewRelease {
  readonly manifest: ReleaseManifest;
  readonly materials: CycloneDx;
  readonly read: (file: ReleaseFile) => Promise<Buffer>;
}

export class ReleaseShelf {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Oldest first. A folder without a manifest that can be read is told as damaged by `open`, and left out here. */
  async list(): Promise<readonly ReleaseManifest[]> {
    const names = await readdir(this.dir).catch(() => []);
    const manifests = await Promise.all(names.map((name) => this.manifest(name).catch(() => null)));
    return manifests
      .filter((manifest) => manifest !== null)
      .sort((one, other) => (one.builtAt < other.builtAt ? -1 : one.builtAt > other.builtAt ? 1 : 0));
  }

  /** Throws `NOT_FOUND` with the names that there are, `RELEASE_DAMAGED` for a manifest that is none. */
  async manifest(name: string): Promise<ReleaseManifest> {
    const path = join(this.dir, releaseName(name), MANIFEST);
    const given = await readFile(path, 'utf8').catch(() => null);
    if (given === null) throw await this.#unknown(name);
    try {
      const manifest = parseManifest(JSON.parse(given));
      if (manifest.name === name) return manifest;
      throw damaged(name, [`its manifest is that of ${manifest.name}`]);
    } catch (thrown) {
      throw isPlatformError(thrown) && thrown.code === 'RELEASE_DAMAGED' ? thrown : damaged(name, [String(thrown)]);
    }
  }

  async has(name: string): Promise<boolean> {
    return (await stat(join(this.dir, releaseName(name), MANIFEST)).catch(() => null)) !== null;
  }

  /** Every file was read and is as the manifest says, and there is no other. Throws `RELEASE_DAMAGED` with what differs. */
  async open(name: string): Promise<ShelvedRelease> {
    const manifest = await this.manifest(name);
    const bundles = join(this.dir, name, BUNDLES);
    const found = await readAll(bundles);
    const differences = differencesOf(manifest.files, found);
    if (differences.length > 0) throw damaged(name, differences);
    return { manifest, cellScript: join(bundles, 'local', 'hosts', 'cell-host.js') };
  }

  async materials(name: string): Promise<unknown> {
    await this.manifest(name);
    return JSON.parse(await readFile(join(this.dir, name, MATERIALS), 'utf8'));
  }

  /** Puts it there unless the very same is there already; then that one stays. Throws `RELEASE_EXISTS` when another has its name. */
  async add({ manifest, materials, read }: NewRelease): Promise<ReleaseManifest> {
    const { name } = manifest;
    if (await this.has(name)) return this.#same(manifest);
    const stage = join(this.dir, `.${name}-${process.pid}`);
    try {
      for (const file of manifest.files) await writeWhole(join(stage, BUNDLES, file.path), await read(file));
      await writeWhole(join(stage, MATERIALS), `${JSON.stringify(materials, null, 2)}\n`);
      await writeWhole(join(stage, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
      await rename(stage, join(this.dir, name)).catch(async (thrown) => {
        // Somebody else built it at the same time.
        if (!(await this.has(name))) throw thrown;
      });
    } finally {
      await rm(stage, { recursive: true, force: true });
    }
    return this.#same(manifest);
  }

  /** The release with its bill of materials, from another shelf; the copy is checked. */
  async addFrom(other: ReleaseShelf, name: string): Promise<ShelvedRelease> {
    const { manifest } = await other.open(name);
    const materials = (await other.materials(name)) as CycloneDx;
    const read = (file: ReleaseFile) => readFile(join(other.dir, name, BUNDLES, file.path));
    await this.add({ manifest, materials, read });
    return this.open(name);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.dir, releaseName(name)), { recursive: true, force: true });
  }

  /** To read the files of one that was checked before. */
  bundlePath(name: string, file: ReleaseFile): string {
    return join(this.dir, releaseName(name), BUNDLES, file.path);
  }

  async #same(manifest: ReleaseManifest): Promise<ReleaseManifest> {
    const there = await this.manifest(manifest.name);
    if (there.digest === manifest.digest) return there;
    throw new PlatformError({
      code: 'RELEASE_EXISTS',
      kind: 'caller',
      effect: 'none',
      message: `There is a release ${manifest.name} already, ${there.digest}; this one would be ${manifest.digest}. A release is never changed: choose another --name.`,
    });
  }

  async #unknown(name: string): Promise<PlatformError> {
    const known = (await this.list()).map((each) => each.name);
    return new PlatformError({
      code: 'NOT_FOUND',
      kind: 'caller',
      effect: 'none',
      message: `There is no release ${shown(name)} in ${this.dir}. Allowed: ${known.join(', ') || 'none yet; holdfast release build makes one'}.`,
      details: { allowed: known },
    });
  }
}

/** Read-only, so that nobody changes it by mistake; whoever means it is caught by the digest. */
async function writeWhole(path: string, content: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, 0o444);
}

async function readAll(dir: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => !entry.isDirectory());
  const read = files.map(async (entry): Promise<[string, string]> => {
    const path = join(entry.parentPath, entry.name);
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    return [path.slice(dir.length + 1), sha256];
  });
  return new Map(await Promise.all(read));
}

function differencesOf(files: readonly ReleaseFile[], found: ReadonlyMap<string, string>): readonly string[] {
  const named = new Set(files.map(({ path }) => path));
  return [
    ...files.flatMap(({ path, sha256 }) => {
      const seen = found.get(path);
      if (seen === undefined) return [`${path} is missing`];
      return seen === sha256 ? [] : [`${path} is ${seen.slice(0, 12)}, not ${sha256.slice(0, 12)}`];
    }),
    ...[...found.keys()].filter((path) => !named.has(path)).map((path) => `${path} is not in the manifest`),
  ];
}

function damaged(name: string, differences: readonly string[]): PlatformError {
  const more = differences.length - DIFFERENCES_SHOWN_MAX;
  const told = `${differences.slice(0, DIFFERENCES_SHOWN_MAX).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  return new PlatformError({
    code: 'RELEASE_DAMAGED',
    kind: 'dependency',
    effect: 'none',
    message: `The release ${name} is not what its manifest says: ${told}. It is not run. Remove its folder and build it again from its sources.`,
    details: { differences: differences.slice(0, DIFFERENCES_SHOWN_MAX) },
  });
}
