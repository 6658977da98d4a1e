/** What the functions of a cell say of their documents, put together: a region runs what the last of its services runs. */
import { describe, expect, it } from '@jest/globals';
import { DOCUMENTS_ERRAND } from '../../../cell/functions/documents-errand.ts';
import { functionDocumentEyes } from '../../../control/aws/function-document-eyes.ts';
import type { Invoked } from '../../../control/aws/region-functions.ts';
import { systemClock } from '../../../core/clock.ts';
import { cellId } from '../../../core/ids.ts';
import topology from '../../../platform.config.ts';

const [spec] = topology.cells;
if (!spec) throw new Error('the sample topology has a cell');
const { home, standby } = spec;
const said = (version: number, lastRefused: unknown = null): Invoked => ({
  body: { documents: { limits: { version, source: 'published', lastRefused } } },
  functionError: null,
});

/** By the name of the service; absent: it answers version 5. */
async function seen(answers: Readonly<Record<string, () => Promise<Invoked>>>) {
  const asked: [string, string, unknown][] = [];
  const eyes = functionDocumentEyes({
    ...{ topology, clock: systemClock, coldMs: 50 },
    functions: (region) => ({
      invoke: async (name, event) => {
        asked.push([region, name, event]);
        const own = Object.entries(answers).find(([key]) => `${region} ${name}`.includes(key))?.[1];
        return own ? own() : said(5);
      },
    }),
  });
  return { lines: await eyes.look({ cell: cellId('c01'), type: 'limits' }, { withinMs: 50 }), asked };
}

describe('the eyes on functions', () => {
  it('ask each service of the cell by its alias, in both regions, and with an errand that is no request', async () => {
    const { lines, asked } = await seen({});
    expect(lines).toEqual([
      { region: home, version: 5, refused: null },
      { region: standby, version: 5, refused: null },
    ]);
    expect(asked).toHaveLength(6);
    expect(asked.map(([, name]) => name)).toContain('holdfast-c01-cart:live');
    expect(asked.every(([, , event]) => event === DOCUMENTS_ERRAND)).toBe(true);
  });

  it('take the oldest version for the region, and tell what was refused', async () => {
    const refused = { version: 5, reason: '$.x is missing' };
    const { lines } = await seen({ [`${home} holdfast-c01-catalog`]: async () => said(4, refused) });
    expect(lines[0]).toEqual({ region: home, version: 4, refused });
    expect(lines[1]).toMatchObject({ version: 5 });
  });

  it.each<[string, () => Promise<Invoked>]>([
    ['throws', async () => ({ body: { errorMessage: 'x' }, functionError: 'Unhandled' })],
    ['is of a release that knows no errands', async () => ({ body: { statusCode: 404 }, functionError: null })],
    ['answers nothing', async () => ({ body: null, functionError: null })],
    ['can not be reached', () => Promise.reject(new Error('refused'))],
    ['hangs', () => new Promise(() => undefined)],
  ])('know nothing of a region when one of its services %s', async (_, answer) => {
    const { lines } = await seen({ [`${standby} holdfast-c01-checkout`]: answer });
    expect(lines).toEqual([
      { region: home, version: 5, refused: null },
      { region: standby, version: null, refused: null },
    ]);
  });
});
