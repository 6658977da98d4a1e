/**
 * The bill of materials of a release, as CycloneDX 1.5 JSON (https://cyclonedx.org/docs/1.5/json/): the npm packages of which
 * something really is in the bundles, with the version, licence and hash that the lock file has of them. Pure, and the same
 * for the same release: it carries neither a time nor a random serial number.
 */
import type { ReleaseManifest } from './release-manifest.ts';

export interface CycloneDx {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.5';
  readonly version: 1;
  readonly metadata: { readonly component: CycloneDxComponent };
  readonly components: readonly CycloneDxComponent[];
}

export interface CycloneDxComponent {
  readonly type: 'application' | 'library';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[];
}

/** The part of `package-lock.json` that is read. */
export interface PackageLock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
}

const ALGORITHMS: Readonly<Record<string, string>> = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' };
const MODULES = 'node_modules/';

/** `packages`: folders as the build names them, `node_modules/hono`; what the lock file does not know is listed with version `unknown`. */
export function billOfMaterials(of: {
  readonly manifest: Pick<ReleaseManifest, 'name' | 'digest' | 'version'>;
  readonly packages: readonly string[];
  readonly lock: PackageLock;
}): CycloneDx {
  const { manifest, packages, lock } = of;
  const application: CycloneDxComponent = {
    type: 'application',
    'bom-ref': `holdfast-cell@${manifest.digest}`,
    name: 'holdfast-cell',
    version: manifest.version,
    hashes: [{ alg: 'SHA-256', content: manifest.digest.replace('sha256:', '') }],
  };
  // A build from another folder names its dependencies by the way there.
  const keys = new Set(packages.map((folder) => folder.slice(folder.indexOf(MODULES))));
  const components = [...keys].sort().map((key) => libraryOf(key, lock));
  return { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, metadata: { component: application }, components };
}

function libraryOf(key: string, lock: PackageLock): CycloneDxComponent {
  const { version = 'unknown', license, integrity } = lock.packages[key] ?? {};
  const name = key.slice(key.lastIndexOf(MODULES) + MODULES.length);
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const hashes = (integrity?.split(' ') ?? []).flatMap(hashOf);
  return {
    type: 'library',
    'bom-ref': `${purl}#${key}`,
    ...{ name, version, purl },
    ...(hashes.length > 0 ? { hashes } : {}),
    ...(license === undefined ? {} : { licenses: [licenceOf(license)] }),
  };
}

/** From the lock's `sha512-<base64>`. */
function hashOf(integrity: string): readonly { readonly alg: string; readonly content: string }[] {
  const at = integrity.indexOf('-');
  const alg = ALGORITHMS[integrity.slice(0, at)];
  return alg === undefined ? [] : [{ alg, content: Buffer.from(integrity.slice(at + 1), 'base64').toString('hex') }];
}

function licenceOf(license: string) {
  return /[ ()]/.test(license) ? { expression: license } : { license: { id: license } };
}
