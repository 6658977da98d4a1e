/**
 * Bundles the platform: one esbuild call for whatever runs in one process, so that its bundles share module instances. What a
 * cell runs is a unit of its own, because it is what a release is made of: no change of the command line may change its
 * bytes. Builds only when a source has changed; two builds at once can't harm each other (a lock, and every file is moved
 * into `dist/` whole, chunks before the entries that name them).
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.built.json');
const LOCK = join(ROOT, '.holdfast', 'build.lock');
/** A build takes about a second; whoever holds the lock for longer than this has died or hangs. */
const LOCK_WAIT_MS_MAX = 60_000;
/** Chunks of older builds stay this long, for processes that still run them. */
const OLD_FILE_AGE_MS_MAX = 24 * 60 * 60 * 1000;

const CELL_ENTRIES = [
  'local/hosts/cell-host.ts',
  'services/cart/main.ts',
  'services/catalog/main.ts',
  'services/checkout/main.ts',
];
const OTHER_ENTRIES = ['cli/main.ts', 'router/node/main.ts', 'control/main.ts', 'services/payments/main.ts'];
/** What a cell's bundles are and what went into them; `release build` reads it (`local/releases/built-bundles.ts`). */
const CELL_BUNDLES = 'cell-bundles.json';
const SOURCES = [
  'core',
  'resilience',
  'cell',
  'services',
  'router',
  'control',
  'local',
  'drills',
  'cli',
  'console',
  'bench',
  'infra',
  'platform.config.ts',
  'package-lock.json',
];

/** Loaded from node_modules by the one command that needs them: large, and none of the platform's own processes does. */
const EXTERNAL = [
  'esbuild',
  ...['@aws-cdk/toolkit-lib', 'aws-cdk-lib', 'constructs'],
  ...['cloudformation', 's3', 'sts'].map((service) => `@aws-sdk/client-${service}`),
];

/** Some dependencies are CommonJS and call `require` for Node's own modules. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/** Builds `dist/` unless it is up to date. Returns whether it built. */
export async function buildIfStale() {
  if (isFresh(fingerprint())) return false;
  const unlock = await lock();
  try {
    const now = fingerprint();
    if (isFresh(now)) return false;
    await build(now);
    return true;
  } finally {
    unlock();
  }
}

async function build(now) {
  const esbuild = await import('esbuild');
  const stage = join(ROOT, `.holdfast/build-${process.pid}`);
  try {
    const [cell] = await Promise.all([
      bundle(esbuild, { entries: CELL_ENTRIES, chunkNames: 'chunks/cell-[hash]', stage }),
      bundle(esbuild, { entries: OTHER_ENTRIES, chunkNames: 'chunks/[name]-[hash]', stage }),
    ]);
    writeFileSync(join(stage, CELL_BUNDLES), `${JSON.stringify(describe(cell, stage), null, 2)}\n`);
    moveInto(stage, DIST);
    writeFileSync(STAMP, JSON.stringify(now));
  } finally {
    rmSync(stage, { recursive: true, force: true });
    // Ends esbuild's own process; without this it would live as long as the platform does.
    await esbuild.stop();
  }
}

async function bundle(esbuild, { entries, chunkNames, stage }) {
  const there = entries.filter((entry) => existsSync(join(ROOT, entry)));
  for (const entry of entries) {
    if (!there.includes(entry)) console.error(`holdfast: ${entry} does not exist yet; built without it.`);
  }
  const { metafile } = await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: there.map((entry) => ({ in: entry, out: entry.slice(0, -'.ts'.length) })),
    outdir: stage,
    bundle: true,
    format: 'esm',
    splitting: true,
    chunkNames,
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    banner: { js: BANNER },
    external: EXTERNAL,
    // Names of files stand in the bundles; those of linked dependencies would differ from machine to machine.
    preserveSymlinks: true,
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** Files with their digests, and the folders of the packages of which something is left in them. */
function describe({ outputs }, stage) {
  const bundles = Object.entries(outputs).filter(([path]) => path.endsWith('.js'));
  const files = bundles.map(([path]) => {
    const bytes = readFileSync(join(ROOT, path));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { path: relative(stage, join(ROOT, path)), bytes: bytes.length, sha256 };
  });
  const inputs = bundles.flatMap(([, { inputs: from }]) =>
    Object.entries(from).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const packages = inputs.flatMap(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const external = bundles.flatMap(([, { imports }]) =>
    imports.filter((each) => each.external).map(({ path }) => path),
  );
  return {
    files: files.sort((one, other) => (one.path < other.path ? -1 : 1)),
    packages: [...new Set(packages)].sort(),
    external: [...new Set(external)].sort(),
  };
}

/** Files over the old ones one by one: each rename is atomic, and chunks carry their hash in their name. */
function moveInto(stage, target) {
  const files = walk(stage).map(({ path }) => relative(stage, path));
  const rank = (file) => (file.startsWith('chunks/') ? 0 : 1);
  for (const file of files.sort((a, b) => rank(a) - rank(b))) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    renameSync(join(stage, file), join(target, file));
  }
  const fresh = new Set(files);
  for (const { path, mtimeMs } of walk(target)) {
    if (!fresh.has(relative(target, path)) && Date.now() - mtimeMs > OLD_FILE_AGE_MS_MAX) rmSync(path, { force: true });
  }
}

function isFresh(now) {
  try {
    const built = JSON.parse(readFileSync(STAMP, 'utf8'));
    return built.newestMs === now.newestMs && built.files === now.files;
  } catch {
    // No stamp, or one that nobody can read: build.
    return false;
  }
}

/** The newest change and the number of files: a deleted or renamed file counts as a change too. */
function fingerprint() {
  const files = SOURCES.flatMap((source) => walk(join(ROOT, source)));
  return { files: files.length, newestMs: files.reduce((newest, { mtimeMs }) => Math.max(newest, mtimeMs), 0) };
}

function walk(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [{ path, mtimeMs: stat.mtimeMs }];
  return readdirSync(path)
    .filter((name) => name !== 'node_modules' && name !== 'results')
    .flatMap((name) => walk(join(path, name)));
}

/** Holds `.holdfast/build.lock`; the lock of a process that is gone counts for nothing. */
async function lock() {
  mkdirSync(dirname(LOCK), { recursive: true });
  const giveUpAtMs = Date.now() + LOCK_WAIT_MS_MAX;
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      return () => rmSync(LOCK, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isHeld() || Date.now() > giveUpAtMs) rmSync(LOCK, { force: true });
    else await sleep(50);
  }
}

function isHeld() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    // An empty file is one that is being written this instant.
    if (!pid) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  const built = await buildIfStale();
  console.log(built ? 'Built dist/.' : 'dist/ is up to date.');
}
