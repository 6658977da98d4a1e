/** Bundles a TypeScript entry of the repository, so that a test can run it in a process of its own. */
import { join } from 'node:path';
import { build, stop } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');

/** The bundle lies below the project (in `dist/`, which is made anyway), where the code finds its package.json. */
export async function bundle(entry: string, name: string): Promise<string> {
  const outfile = join(ROOT, 'dist', 'test', `${name}-${process.pid}.mjs`);
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  await stop();
  return outfile;
}
