/** Reads with a bound of staleness through a real router: they begin in its own region and end at the owner if need be. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { HOSTS } from './hosts.ts';
import { EAST, ownerOf, RouterUnderTest, WEST } from './router-under-test.ts';
import { echo, notActive } from './scripted-cells.ts';

describe.each(HOSTS)('on %s', (host) => {
  let under: RouterUnderTest;
  afterEach(() => under.close());

  const BOUND = { 'x-max-staleness-ms': '2000' };

  /** The router stands in the east; the cell is active in the west. */
  async function activeElsewhere(): Promise<void> {
    under = await RouterUnderTest.start({}, host);
    under.on(EAST, notActive({ owner: WEST, epoch: 5 }));
    await under.ask();
    under.seen.length = 0;
  }
  const regions = () => under.seen.map(({ region }) => region);

  describe('a read with a bound', () => {
    it('is answered in the region of the router, which passes the bound and the session on, both ways', async () => {
      await activeElsewhere();
      under.on(EAST, (_request, response) => {
        response.writeHead(200, { 'x-staleness-ms': '812', 'x-session': '1.abc' });
        response.end('{}');
      });
      const answer = await under.ask({ headers: { ...BOUND, 'x-session': '1.xyz' } });
      expect([answer.headers['x-staleness-ms'], answer.headers['x-session']]).toEqual(['812', '1.abc']);
      expect(under.seen[0]).toMatchObject({ region: EAST, headers: { ...BOUND, 'x-session': '1.xyz' } });
    });

    it('goes on to the owner when the copy is not new enough', async () => {
      await activeElsewhere();
      expect((await under.ask({ headers: BOUND })).status).toBe(200);
      expect(regions()).toEqual([EAST, WEST]);
    });

    it('is tried in the other region when the answer names no owner, and the caller gets the last word', async () => {
      await activeElsewhere();
      under.on(EAST, notActive({}));
      expect((await under.ask({ headers: BOUND })).status).toBe(200);
      under.on(WEST, notActive({}));
      expect((await under.ask({ headers: BOUND })).status).toBe(421);
      expect(regions().slice(0, 4)).toEqual([EAST, WEST, EAST, WEST]);
    });

    it('works while the owner is gone, as long as the copy answers', async () => {
      await activeElsewhere();
      under.on(EAST, echo(EAST));
      await under.goDark(WEST);
      expect((await under.ask({ headers: BOUND })).json).toEqual({ region: EAST });
    });

    it('goes to the other region when its own is dark', async () => {
      under = await RouterUnderTest.start({}, host);
      under.ownership = [ownerOf('c01', WEST, 5)];
      await under.goDark(EAST);
      expect((await under.ask({ headers: BOUND })).json).toEqual({ region: WEST });
    });

    it('is refused with the range when the bound is none', async () => {
      under = await RouterUnderTest.start({}, host);
      const refused = await under.ask({ headers: { 'x-max-staleness-ms': '60001' } });
      expect([refused.status, refused.json.code]).toEqual([400, 'INVALID_INPUT']);
      expect(refused.json.detail).toContain('0–60000');
      expect(under.seen).toEqual([]);
    });
  });

  it('changes nothing for a write, or for a read without a bound', async () => {
    await activeElsewhere();
    await under.ask({ method: 'POST', body: '{}', headers: BOUND });
    await under.ask();
    expect(regions()).toEqual([WEST, WEST]);
  });
});
