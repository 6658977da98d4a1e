/** Reads the repository's own TypeScript, as a person who clones it has it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SourceFile, sourceFile } from './source-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Made, not written: by npm, by the build, by runs. */
const MADE = new Set(['node_modules', 'dist', 'coverage', 'cdk.out', 'results', 'reports']);

export function repositoryFiles(): readonly SourceFile[] {
  return typescriptPaths('').map((path) => sourceFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

function typescriptPaths(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name.startsWith('.') || MADE.has(entry.name) ? [] : typescriptPaths(path);
      return entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts') ? [path] : [];
    });
}
