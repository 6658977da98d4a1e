/** The documentation says what the code does: its tables are printed from the same table. */
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { ladderMarkdown } from '../../core/modes/ladder-page.ts';

it('docs/degraded-modes.md has the tables that "holdfast mode ladder --markdown" prints', async () => {
  const page = await readFile(new URL('../../docs/degraded-modes.md', import.meta.url), 'utf8');
  const [, printed] = /<!-- ladder: begin -->\n\n([\s\S]*)\n\n<!-- ladder: end -->/.exec(page) ?? [];
  expect(printed).toBe(ladderMarkdown());
});
