/** The list of guards follows the code: what `npm run mutate` takes out is still there, once, and who shows it is, too. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { transformSync } from 'esbuild';
import { CATALOG } from '../../drills/catalog/index.ts';
import { AUTOMATION } from './automation-guards.ts';
import { DRILL_MUTANTS } from './drill-mutants.ts';
import { GUARDS } from './guards.ts';

describe('the list of guards', () => {
  it.each(GUARDS.map((guard) => [guard.name, guard] as const))('finds in the code: %s', (_name, guard) => {
    const source = readFileSync(guard.file, 'utf8');
    for (const { snippet } of [guard, ...(guard.also ?? [])]) expect(source.split(snippet)).toHaveLength(2);
    // What can not even be compiled shows nothing.
    const edits = [guard, ...(guard.also ?? [])];
    const mutant = edits.reduce((text, edit) => text.replace(edit.snippet, () => edit.replacement), source);
    expect(transformSync(mutant, { loader: 'ts' }).warnings).toEqual([]);
    if (guard.shownBy) expect(existsSync(guard.shownBy.split(' ')[0] ?? '')).toBe(true);
  });

  const text = (path: string) => readFileSync(path, 'utf8').replace(/\s+/g, ' ');

  it('is argued for in the protocol, by name; the guard rails of automation are in a record of their own', () => {
    const protocol = text('docs/protocol.md');
    const argued = GUARDS.filter((guard) => !AUTOMATION.includes(guard));
    expect(argued.map(({ name }) => name).filter((name) => !protocol.includes(`*${name}*`))).toEqual([]);
  });

  it('stands in the table of what falls without each: when this fails, run "npm run mutate -- --table"', () => {
    const table = text('docs/found-bugs.md');
    expect(GUARDS.map(({ name }) => name).filter((name) => !table.includes(`| ${name} |`))).toEqual([]);
  });

  it('names each guard once', () => {
    expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length);
  });
});

describe('the list of guards that drills must miss', () => {
  it('is tried in a copy that has every folder which the command line and the benches import', () => {
    const from = ['cli', 'bench', 'drills', 'control', 'local'].flatMap((dir) =>
      readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => `${dir}/${name}`),
    );
    const imported = from
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/from '(?:\.\.\/)+([a-z]+)\/[^']*\.ts'/g)]);
    const folders = [...new Set(imported.map(([, folder]) => folder ?? ''))].filter((name) => existsSync(name));
    expect(folders).toContain('infra');
    const [, copied = ''] = /BUILT = \[([^\]]*)\]/.exec(readFileSync('test/mutation/drill-bench.mjs', 'utf8')) ?? [];
    expect(folders.filter((folder) => !copied.includes(`'${folder}'`))).toEqual([]);
  });

  it.each(DRILL_MUTANTS.map((mutant) => [mutant.name, mutant] as const))('names what there is: %s', (_name, mutant) => {
    const names = GUARDS.map(({ name }) => name);
    expect(mutant.without.filter((name) => !names.includes(name))).toEqual([]);
    const drill = CATALOG.find(({ name }) => name === mutant.drill);
    expect(drill && (mutant.variant === undefined || drill.variants?.includes(mutant.variant))).toBe(true);
  });
});
