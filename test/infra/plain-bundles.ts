/** Bundles of one line each: a template does not depend on what a function does, and a test of templates need not build it. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundles } from '../../infra/bundle.ts';
import { FUNCTIONS } from '../../infra/functions.ts';

export function plainBundles(): Bundles {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-bundles-'));
  const functions = FUNCTIONS.map(({ name }) => {
    const dir = join(root, name);
    mkdirSync(dir);
    writeFileSync(join(dir, 'index.mjs'), `export const handler = async () => '${name}';\n`);
    return [name, { dir, hash: `${name}-of-a-test` }] as const;
  });
  return { release: 'release-0001', functions: new Map(functions), edge: 'function handler(e){return e.request}' };
}
