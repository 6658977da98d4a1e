/**
 * Bundles every function in one run of esbuild, into `dist/lambda/<name>/index.mjs`, and names the result: the release is the
 * hash of all bundles, so the same source is the same release on every machine. Nothing is bundled once per cell.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MAP_OBJECT } from '../core/aws-names.ts';
import { PlatformError } from '../core/errors.ts';
import { decodeSnapshot, SNAPSHOT_BYTES_MAX } from '../core/map-snapshot.ts';
import type { Topology } from '../core/topology.ts';
import { bundleEdgeRouter } from './bundle-edge.ts';
import { buildFunctions } from './bundle-functions.ts';
import { EDGE_ENTRY, FUNCTIONS, type FunctionName } from './functions.ts';

/** More takes noticeably longer to load at a cold start; a bundle above it carries something that it should not. */
export const BUNDLE_BYTES_MAX = 250_000;

export interface FunctionCode {
  /** A folder with `index.mjs`. */
  readonly dir: string;
  readonly hash: string;
}

export interface Bundles {
  /** Changes when any function's code does, and only then. */
  readonly release: string;
  readonly functions: ReadonlyMap<FunctionName, FunctionCode>;
  /** The source of the edge router's CloudFront Function; `null` when the entry is regional. */
  readonly edge: string | null;
}

export interface BundleOptions {
  readonly rootDir: string;
  readonly topology: Topology;
  /**
   * A snapshot of the cell map as a publisher wrote it: what a router serves from when it begins and its bucket does not answer.
   * Default: none, and such a router waits for its bucket.
   */
  readonly snapshot?: string;
}

/**
 * Throws `INVALID_INPUT` when an entry is missing, `INVALID_CELL_MAP` when the snapshot is none, and esbuild's own error when an
 * entry does not compile.
 */
export async function bundleFunctions({ rootDir, topology, snapshot }: BundleOptions): Promise<Bundles> {
  if (snapshot !== undefined) refuseDamaged(snapshot);
  const withEdge = topology.aws.entry === 'edge';
  refuseMissing(rootDir, [...FUNCTIONS.map(({ entry }) => entry), ...(withEdge ? [EDGE_ENTRY] : [])]);
  const [outputs, edge] = await Promise.all([buildFunctions(rootDir), withEdge ? bundleEdgeRouter(rootDir) : null]);
  // Without what only the stacks read: another alarm address is no other router.
  const { aws: _stacksOnly, ...read } = topology;
  const carried = JSON.stringify(read);
  const functions = new Map<FunctionName, FunctionCode>();
  for (const { name, carriesTopology } of FUNCTIONS) {
    const { code } = outputs.get(name) ?? { code: '' };
    refuseTooLarge(name, { bytes: Buffer.byteLength(code), bytesMax: BUNDLE_BYTES_MAX });
    const files = {
      'index.mjs': code,
      ...(carriesTopology ? { 'topology.json': carried } : {}),
      ...(snapshot !== undefined && name === 'router' ? { [MAP_OBJECT]: snapshot } : {}),
    };
    const dir = join(rootDir, 'dist', 'lambda', name);
    writeFolder(dir, files);
    functions.set(name, { dir, hash: hashOf(Object.entries(files).flat()) });
  }
  // Of the code alone: a cell more or less is no other release.
  const codes = [...outputs].flatMap(([name, { code }]) => [name, code]);
  const release = hashOf([...codes, edge ?? '']).slice(0, 12);
  return { release, functions, edge };
}

/** Moved into place whole, so that a build beside this one reads either the old file or the new one. */
function writeFolder(dir: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(dir, { recursive: true });
  // The whole folder is deployed: what an earlier build put there must not go along.
  for (const left of readdirSync(dir)) if (!(left in files)) rmSync(join(dir, left), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    const staged = join(dirname(dir), `.${process.pid}-${name}`);
    writeFileSync(staged, text);
    rmSync(path, { force: true });
    renameSync(staged, path);
  }
}

function refuseDamaged(snapshot: string): void {
  refuseTooLarge('the cell map', { bytes: Buffer.byteLength(snapshot), bytesMax: SNAPSHOT_BYTES_MAX });
  decodeSnapshot(parsed(snapshot));
}

/** What is no JSON is no snapshot either, and is told so. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 80);
  }
}

function refuseMissing(rootDir: string, entries: readonly string[]): void {
  const missing = entries.filter((entry) => !existsSync(join(rootDir, entry)));
  if (missing.length === 0) return;
  throw new PlatformError({
    code: 'INVALID_INPUT',
    kind: 'caller',
    effect: 'none',
    message: `Functions without code: ${missing.join(', ')}. Every entry of infra/functions.ts must exist; write it, or take its row out.`,
    details: { missing },
  });
}

function refuseTooLarge(name: string, { bytes, bytesMax }: { bytes: number; bytesMax: number }): void {
  if (bytes <= bytesMax) return;
  throw new PlatformError({
    code: 'PAYLOAD_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `The bundle of ${name} has ${bytes} bytes; allowed: ${bytesMax}. Look for what it imports and does not need.`,
  });
}

function hashOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}
