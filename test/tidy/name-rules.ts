/** Names of files: kebab-case, and none that says nothing about its content. */
import type { SourceFile, Violation } from './source-file.ts';

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const SUFFIXES = /\.(test|config|d)?\.?(ts|mjs|mts)$/;
const SAYS_NOTHING = new Set(['utils', 'util', 'helpers', 'helper', 'types', 'common', 'misc', 'shared', 'lib']);

export function checkFileName(file: SourceFile): readonly Violation[] {
  const parts = file.path.split('/');
  const violations: Violation[] = [];
  for (const part of parts) {
    const name = part.replace(SUFFIXES, '');
    if (!KEBAB.test(name)) {
      const message = `the name "${part}" is not kebab-case`;
      violations.push({ path: file.path, line: 1, rule: 'kebab-case', message });
    }
    if (SAYS_NOTHING.has(name)) {
      const message = `the name "${part}" says nothing; name the concept that it holds`;
      violations.push({ path: file.path, line: 1, rule: 'telling-name', message });
    }
  }
  return violations;
}
