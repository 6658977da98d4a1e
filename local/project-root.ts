/** Where this project lies, whether the code runs from its sources or from a bundle in `dist/`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '../core/errors.ts';

export interface Project {
  readonly rootDir: string;
  readonly version: string;
}

export function findProject(): Project {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const path = join(dir, 'package.json');
    const manifest = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {};
    if (manifest.name === 'holdfast') return { rootDir: dir, version: String(manifest.version) };
    invariant(dirname(dir) !== dir, 'the code lies below the package.json whose name is holdfast');
  }
}
