/** Documents where a process runs only while it is asked: they come beside the work, delay nobody, and are obeyed. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { tellDocuments } from '../../cell/functions/documents-errand.ts';
import { tableDocumentStore } from '../../control/adapters/table-document-store.ts';
import { canonicalJson, checksumOf } from '../../core/documents/canonical-json.ts';
import { limitsDocument } from '../../core/documents/limits-document.ts';
import { type Environment, Environments } from '../doubles/environments.ts';
import { EAST, type TwoRegions } from '../doubles/two-regions.ts';

let all: Environments;
let world: TwoRegions;

beforeEach(async () => {
  all = new Environments();
  world = all.world;
  await all.begin();
});

describe('documents of an environment', () => {
  const publish = async (version: number, concurrentRequestsMax: number) => {
    const body = { ...limitsDocument.bundled, concurrentRequestsMax };
    const checksum = checksumOf(canonicalJson(body));
    const stable = { type: 'limits', version, body, checksum, by: 'ann', why: 'test', publishedAtMs: 0 };
    const store = tableDocumentStore({ arbiter: world.arbiter, clock: world.clock });
    const shelf = { type: 'limits', recordVersion: version, token: 0, stable, staged: null };
    expect(await store.saveShelf(shelf, { withinMs: 1_000 })).toBe(true);
  };
  const versionIn = (environment: Environment) => environment.cell.cell.documents.current(limitsDocument).version;

  it('come while it waits for its first lease, then about once a minute, beside its work', async () => {
    await publish(1, 100);
    const serving = all.environment(EAST, { documents: null });
    await serving.stock('mug', 5);
    expect(versionIn(serving)).toBe(1);
    await publish(2, 200);
    await serving.stock('mug', 6);
    expect(versionIn(serving)).toBe(1);
    await world.clock.advance(90_000);
    await serving.stock('mug', 7);
    expect(versionIn(serving)).toBe(2);
  });

  it('delay nobody and end nothing when the arbiter is gone', async () => {
    const serving = all.environment(EAST, { documents: null });
    await serving.stock('mug', 5);
    serving.arbiter.before = async (call) => {
      if (call === 'query') await new Promise(() => undefined);
    };
    await publish(1, 100);
    await world.clock.advance(90_000);
    expect((await serving.stock('mug', 6)).status).toBe(200);
    serving.arbiter.before = async () => Promise.reject(new Error('no arbiter'));
    await world.clock.advance(500);
    expect((await serving.stock('mug', 7)).status).toBe(200);
    expect(versionIn(serving)).toBe(0);
  });

  it('are obeyed: what is beyond the limit is refused early, with a time to come again', async () => {
    await publish(1, 1);
    const serving = all.environment(EAST, { documents: null });
    await serving.stock('mug', 5);
    let letGo: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const isThere = new Promise<void>((reached) => {
      serving.own.before = async (call) => {
        if (call !== 'transact') return;
        reached();
        await gate;
      };
    });
    const first = serving.invoke('PUT /stock/mug', { available: 9, priceCents: 100 });
    await world.settle(isThere);
    const second = await serving.invoke('GET /stock/mug');
    expect([second.status, second.headers['retry-after']]).toEqual([503, '1']);
    expect(second.body).toMatchObject({ code: 'OVERLOADED', effect: 'none' });
    letGo();
    expect((await world.settle(first)).status).toBe(200);
  });

  it('are looked for at once when an operator asks which they are, and told as they are when nobody answers', async () => {
    await publish(1, 100);
    const serving = all.environment(EAST, { documents: null });
    await serving.stock('mug', 5);
    await publish(2, 200);
    expect((await tellDocuments(serving.cell)).documents.limits).toMatchObject({ version: 2, source: 'published' });
    await publish(3, 300);
    serving.arbiter.before = async () => Promise.reject(new Error('no arbiter'));
    expect((await tellDocuments(serving.cell)).documents.limits).toMatchObject({ version: 2 });
  });

  it('are asked for by nobody who obeys none', async () => {
    const asked: string[] = [];
    const east = all.environment(EAST);
    east.arbiter.before = async (call) => void asked.push(call);
    await east.stock('mug', 5);
    expect(asked).not.toContain('query');
  });
});
