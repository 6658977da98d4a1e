/** The list of guards follows the code: what `npm run mutate` takes out is still there, once, and who shows it is, too. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { GUARDS } from './guards.ts';

describe('the list of guards', () => {
  it.each(GUARDS.map((guard) => [guard.name, guard] as const))('finds in the code: %s', (_name, guard) => {
    const source = readFileSync(guard.file, 'utf8');
    for (const { snippet } of [guard, ...(guard.also ?? [])]) expect(source.split(snippet)).toHaveLength(2);
    if (guard.shownBy) expect(existsSync(guard.shownBy.split(' ')[0] ?? '')).toBe(true);
  });

  it('names each guard once', () => {
    expect(new Set(GUARDS.map(({ name }) => name)).size).toBe(GUARDS.length);
  });
});
