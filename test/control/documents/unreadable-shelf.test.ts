/** What somebody wrote into the arbiter past every check: nobody obeys it, nothing is built on it, and a rollback replaces it. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { shelfKey } from '../../../cell/documents/shelf-items.ts';
import { planPublish } from '../../../control/documents/publishing.ts';
import { rollBack } from '../../../control/documents/rollback.ts';
import { canonicalJson, checksumOf } from '../../../core/documents/canonical-json.ts';
import { rankingDocument } from '../../../core/documents/ranking-document.ts';
import { encodeShelf } from '../../../core/documents/shelf-text.ts';
import { DocumentWorld, LIMIT, Publisher, ranking } from './document-world.ts';

const WHO = { type: rankingDocument, by: 'ann', why: 'the bad file' };
const TWICE = { features: [...ranking(3).features, ...ranking(3).features] };

let world: DocumentWorld;
let publisher: Publisher;
beforeEach(async () => {
  world = new DocumentWorld();
  publisher = new Publisher(world, 'first');
  await publisher.drive(publisher.publish(ranking(5)));
  for (let turn = 0; turn < 3; turn++) await turnOfProcesses();
});

/** As `DocumentWorld.turn`, which looks at the shelf itself. */
async function turnOfProcesses(): Promise<void> {
  for (const { reader } of world.processes) await reader.refresh();
  await world.clock.advance(1_000);
}

async function forge(over: Readonly<Record<string, string>> = {}): Promise<void> {
  const shelf = await world.shelf();
  const body = { version: 7, body: TWICE, checksum: checksumOf(canonicalJson(TWICE)), by: 'generator', why: 'hourly' };
  const stable = { type: 'ranking', publishedAtMs: 0, ...body };
  const item = { ...encodeShelf({ ...shelf, recordVersion: shelf.recordVersion + 1, stable }), ...over };
  const written = { kind: 'put' as const, item: { ...item, ...shelfKey('ranking') } };
  await world.table.write(written);
  await turnOfProcesses();
}

const running = () => [...new Set(world.running().map(({ version, weight }) => `${version}: ${weight}`))];

describe('an edition that can not be read', () => {
  it('is run by nobody, and stays where it is when somebody wants to build on it', async () => {
    await forge();
    expect(running()).toEqual(['1: 5']);
    const wish = { ...WHO, text: JSON.stringify(ranking(6)), force: true };
    await expect(planPublish(publisher.ports, wish)).rejects.toMatchObject({
      code: 'DOCUMENT_REFUSED',
      effect: 'none',
      message: expect.stringMatching(/more than once[\s\S]*holdfast document rollback ranking/),
    });
    await expect(world.shelf()).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED' });
  });

  it('is replaced by a rollback: by the newest that can be read, above its version, everywhere at once', async () => {
    await forge();
    const kept = await rollBack(publisher.ports, { ...WHO, to: null });
    expect(kept).toMatchObject({ restores: 1, edition: { version: 8, body: ranking(5) } });
    await turnOfProcesses();
    expect(running()).toEqual(['8: 5']);
    expect((await world.shelf()).staged).toBeNull();
  });

  it('is replaced by the version that is named, also by the bundled default, which says what its stand-in says', async () => {
    await forge();
    expect(await rollBack(publisher.ports, { ...WHO, to: 0 })).toMatchObject({ restores: 0, edition: { version: 8 } });
    expect((await world.store.shelf('ranking', LIMIT)).stable?.body).toEqual(rankingDocument.bundled);
  });

  it.each([
    ['is cut off', { stable: '{"type":"ranking","ver' }],
    ['is on its way through the waves', { staged: '{"version":9}', cells: '["c01"]' }],
    ['names its cells in no form', { staged: '{"version":9}', cells: '[[' }],
  ])('is replaced as well when it %s', async (_, damage) => {
    await forge(damage);
    const kept = await rollBack(publisher.ports, { ...WHO, to: 1 });
    expect(kept?.edition.body).toEqual(ranking(5));
    await turnOfProcesses();
    expect(running()).toEqual([`${kept?.edition.version}: 5`]);
  });
});
