/**
 * The command of cdk.json: bundles the CDK app and runs it, so that a plain `npx cdk` needs no compiler and no Node that
 * strips types. Plain JavaScript, so that any Node can read it.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const APP = join(ROOT, 'dist', 'infra', 'app.mjs');

try {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['infra/bin/app.ts'],
    outfile: APP,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    logLevel: 'warning',
  });
  await import(pathToFileURL(APP).href);
} catch (error) {
  // What a person can correct says so in one message; only a bug needs its place.
  const expected = error?.name === 'PlatformError' && error.kind !== 'bug';
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
