/** The lockfile names every platform's optional packages: `npm ci` refuses one that does not, on every machine. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockedPackage> };

function missingFrom(packages: Readonly<Record<string, LockedPackage>>): readonly string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
    ),
  );
}

describe('the lockfile', () => {
  it('has an entry for every optional dependency of every package', () => {
    expect(missingFrom(lock.packages)).toEqual([]);
  });

  it('is found wanting when one is missing', () => {
    expect(missingFrom({ 'node_modules/a': { optionalDependencies: { 'a-darwin-arm64': '1.0.0' } } })).toEqual([
      'a-darwin-arm64',
    ]);
  });
});
