/** What both regions change while they can't reach each other: a counter that adds up, and a text whose conflict is shown. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCatalogApp } from '../../services/catalog/app.ts';
import {
  type DescriptionLane,
  edited,
  emptyLane,
  SIBLINGS_MAX,
  standing,
} from '../../services/catalog/description-lanes.ts';
import { MemoryRuntime } from '../doubles/memory-runtime.ts';
import { send } from './requests.ts';

function twoRegions() {
  const east = new MemoryRuntime();
  const west = new MemoryRuntime({ region: 'us-west-2', peer: 'us-east-1' });
  const exchange = () => {
    for (const commit of [...east.store.commits]) west.store.absorb(commit);
    for (const commit of [...west.store.commits]) east.store.absorb(commit);
  };
  return { east: createCatalogApp(east), west: createCatalogApp(west), exchange };
}
const like = (key: string) => ({ headers: { 'idempotency-key': key } });
const LIKES = '/products/anchor-mug/likes';
const TEXT = '/products/anchor-mug/description';

describe('likes', () => {
  it('add up from both regions, each key once, also when it is repeated in the other one', async () => {
    const { east, west, exchange } = twoRegions();
    for (const key of ['a', 'b', 'a']) await send(east, `POST ${LIKES}`, like(key));
    await send(west, `POST ${LIKES}`, like('c'));
    exchange();
    await send(west, `POST ${LIKES}`, like('a'));
    exchange();
    expect((await send(east, `GET ${LIKES}`)).body).toEqual({ likes: 3 });
    expect((await send(west, `GET ${LIKES}`)).body).toEqual({ likes: 3 });
  });

  it('need a key', async () => {
    expect((await send(twoRegions().east, `POST ${LIKES}`)).body.code).toBe('IDEMPOTENCY_KEY_MISSING');
  });
});

describe('a description', () => {
  const put = (text: string, resolves?: readonly string[]) => ({ body: { text, ...(resolves ? { resolves } : {}) } });

  it('is replaced by an edit that names it, and repeating the edit changes nothing', async () => {
    const { east } = twoRegions();
    expect((await send(east, `GET ${TEXT}`)).body).toEqual({ text: null, version: null });
    const first = await send(east, `PUT ${TEXT}`, put('White'));
    const second = await send(east, `PUT ${TEXT}`, put('Blue', [String(first.body.version)]));
    expect(second.body).toEqual({ text: 'Blue', version: 'us-east-1.2' });
    expect((await send(east, `PUT ${TEXT}`, put('Blue', [String(first.body.version)]))).body).toEqual(second.body);
  });

  it('shows both of two edits that knew nothing of each other, in both regions, until one settles them', async () => {
    const { east, west, exchange } = twoRegions();
    const { version } = (await send(east, `PUT ${TEXT}`, put('White'))).body;
    exchange();
    await send(east, `PUT ${TEXT}`, put('Blue', [String(version)]));
    await send(west, `PUT ${TEXT}`, put('Green', [String(version)]));
    exchange();
    const shown = (await send(east, `GET ${TEXT}`)).body;
    expect(shown).toMatchObject({
      text: null,
      conflict: [
        { text: 'Blue', region: 'us-east-1', version: 'us-east-1.2' },
        { text: 'Green', region: 'us-west-2', version: 'us-west-2.1' },
      ],
    });
    expect((await send(west, `GET ${TEXT}`)).body).toEqual(shown);
    await send(west, `PUT ${TEXT}`, put('Blue-green', ['us-east-1.2', 'us-west-2.1']));
    exchange();
    for (const app of [east, west]) expect((await send(app, `GET ${TEXT}`)).body.text).toBe('Blue-green');
  });

  it('keeps an edit that names nothing beside what stands', async () => {
    const { east } = twoRegions();
    await send(east, `PUT ${TEXT}`, put('White'));
    expect((await send(east, `PUT ${TEXT}`, put('Black'))).body.conflict).toHaveLength(2);
  });

  it('takes a bounded number of unsettled edits', async () => {
    const { east } = twoRegions();
    for (let n = 0; n < SIBLINGS_MAX; n++) await send(east, `PUT ${TEXT}`, put(`Text ${n}`));
    const refused = await send(east, `PUT ${TEXT}`, put('One more'));
    expect([refused.status, refused.body.code]).toEqual([409, 'BUSINESS_REFUSED']);
    const all = Array.from({ length: SIBLINGS_MAX }, (_, n) => `us-east-1.${n + 1}`);
    expect((await send(east, `PUT ${TEXT}`, put('Settled', all))).body.text).toBe('Settled');
  });

  it.each([{ text: '' }, { text: 'x'.repeat(2_001) }, { text: 'x', resolves: ['?'] }, { text: 'x', resolves: 'a.1' }])(
    'refuses %j',
    async (body) => {
      expect((await send(twoRegions().east, `PUT ${TEXT}`, { body })).status).toBe(400);
    },
  );
});

describe('the lanes of a description', () => {
  /** 0–1: an edit in that region, which settles what it sees or nothing; 2–3: the region hears of the other. */
  const steps = fc.array(fc.record({ what: fc.nat(3), settles: fc.boolean() }), { maxLength: 30 });

  it('converge, lose no text that nobody replaced, and stay bounded', () => {
    fc.assert(
      fc.property(steps, (schedule) => {
        const own: [DescriptionLane, DescriptionLane] = [emptyLane('us-east-1'), emptyLane('us-west-2')];
        const seen: [DescriptionLane, DescriptionLane] = [own[1], own[0]];
        const replaced = new Set<string>();
        const made = new Set<string>();
        schedule.forEach(({ what, settles }, n) => {
          const [at, other] = what % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
          if (what >= 2) {
            seen[at] = own[other];
            return;
          }
          const resolves = settles ? standing(own[at], seen[at]).map(({ version }) => version) : [];
          const next = edited(own[at], seen[at], { text: `text ${n}`, resolves, atMs: n });
          if (next === null) return;
          for (const version of resolves) replaced.add(version);
          own[at] = next;
          made.add(`${next.region}.${next.made}`);
          expect(next.versions.length).toBeLessThanOrEqual(SIBLINGS_MAX);
          expect(next.replaced.length).toBeLessThanOrEqual(SIBLINGS_MAX);
        });
        const left = standing(own[0], own[1]).map(({ version }) => version);
        expect(left).toEqual(standing(own[1], own[0]).map(({ version }) => version));
        expect(left).toEqual([...made].filter((version) => !replaced.has(version)).sort());
      }),
    );
  });
});
