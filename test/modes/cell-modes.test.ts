/** A cell at every level, on every route: what it grants is what the table says, and nothing that must hold gives way. */
import { describe, expect, it } from '@jest/globals';
import { PlatformError } from '../../core/errors.ts';
import { cellId, epoch, regionName } from '../../core/ids.ts';
import { LEVELS, type Level, promised } from '../../core/modes/ladder.ts';
import { OPERATIONS, type OperationName } from '../../core/modes/operations.ts';
import { atLevel, ModeWorld, setting, switched } from './mode-world.ts';

const CASES: readonly (readonly [Level, OperationName])[] = LEVELS.flatMap((level) =>
  OPERATIONS.map(({ name }) => [level, name] as const),
);

describe.each(CASES)('at level %d, %s', (level, name) => {
  const grant = promised(level, name);

  it(`is ${grant.kind}`, async () => {
    const world = await ModeWorld.open();
    world.set(atLevel(level));
    const { status, headers, body } = await world.ask(name);
    const degraded = headers.get('x-degraded');
    if (grant.kind === 'refused') {
      expect([status, body.code, body.effect, degraded]).toEqual([503, 'DEGRADED', 'none', `level-${level}`]);
      expect(headers.get('content-type')).toBe('application/problem+json');
      const againInS = Number(headers.get('retry-after'));
      expect(againInS >= 15 && againInS <= 45).toBe(true);
    } else {
      expect([Math.floor(status / 100), degraded]).toEqual([2, grant.kind === 'full' ? null : `level-${level}`]);
    }
  });

  it('lets in nobody who is not named, and nobody whom the cell does not serve', async () => {
    const world = await ModeWorld.open();
    world.set(atLevel(level));
    const nobody = await world.ask(name, { headers: { 'x-holdfast-tenant': '' } });
    expect([nobody.status, nobody.body.code]).toEqual([400, 'INVALID_INPUT']);
    const addressed = await world.ask(name, { headers: { 'x-holdfast-cell': 'c02' } });
    expect([addressed.status, addressed.body.code]).toEqual([421, 'WRONG_CELL']);
    world.runtime.foreignTenants.add('acme');
    const foreign = await world.ask(name);
    expect([foreign.status, foreign.body.code]).toEqual([421, 'WRONG_CELL']);
  });

  it('tells no caller what is for those who operate: reason, owner, tables, hosts, stacks', async () => {
    const world = await ModeWorld.open();
    world.set(atLevel(level));
    const fails = dead('table holdfast-c01 at 10.0.0.7:8000 refused\n    at store.ts:12:3');
    world.runtime.store.probe = () => {
      throw fails;
    };
    const { body, headers } = await world.ask(name);
    const said = JSON.stringify([body, [...headers]]);
    expect(said).not.toMatch(/db-7|ada|holdfast-c01|10\.0\.0\.7|store\.ts|stack/);
  });

  if (grant.kind === 'refused') {
    it('is refused before the store is asked for anything', async () => {
      const world = await ModeWorld.open();
      world.set(atLevel(level));
      let calls = 0;
      world.runtime.store.probe = () => {
        calls += 1;
        throw dead('gone');
      };
      const { status, body } = await world.ask(name);
      expect([status, body.code, calls]).toEqual([503, 'DEGRADED', 0]);
    });
  }
});

describe('a way forward', () => {
  it('names the carts to whoever is refused a checkout, unless carts are switched off as well', async () => {
    const world = await ModeWorld.open();
    world.runtime.current = { state: 'standby', owner: null, epoch: null };
    expect(String((await world.ask('checkout')).body.repeat)).toMatch(/carts go on/);
    world.set(switched('cart-off'));
    expect(String((await world.ask('checkout')).body.repeat)).toMatch(/in a few seconds\.$/);
  });
});

describe('money', () => {
  it.each(LEVELS.filter((level) => promised(level, 'checkout').kind === 'full'))(
    'leaves the same records behind at level %d as at 100',
    async (level) => {
      const [usual, degraded] = [await ModeWorld.open(), await ModeWorld.open()];
      degraded.set(atLevel(level));
      for (const world of [usual, degraded]) await world.ask('checkout', { key: 'audited' });
      const trail = ({ runtime }: ModeWorld) =>
        runtime.store.commits.map((commit) => ({
          aggregate: commit.aggregate,
          items: commit.changes.map((change) => `${change.kind} ${change.item}`),
          outbox: commit.outbox.map(({ topic }) => topic),
          done: commit.outboxDone.length,
          key: commit.idempotency?.key ?? null,
        }));
      expect(trail(degraded)).toEqual(trail(usual));
      expect(degraded.provider.captures.map(({ amountCents }) => amountCents)).toEqual(
        usual.provider.captures.map(({ amountCents }) => amountCents),
      );
    },
  );

  it('that was promised is seen to its end at level 0, where no request is let in', async () => {
    const world = await ModeWorld.open();
    world.provider.probe = () => {
      throw dead('the provider is away');
    };
    const pending = await world.ask('checkout', { key: 'late' });
    expect(pending.status).toBe(202);
    world.set(atLevel(0));
    world.provider.probe = () => undefined;
    expect((await world.ask('checkout', { key: 'late' })).status).toBe(503);
    expect(await world.runtime.deliver()).toEqual([]);
    world.set(atLevel(5));
    world.order = String(pending.body.order);
    expect((await world.ask('getOrder')).body.status).toBe('CONFIRMED');
  });
});

describe('what is reduced', () => {
  it('a search finds the same in order of sku', async () => {
    const world = await ModeWorld.open();
    const ranked = skusOf((await world.ask('searchProducts')).body);
    world.set(switched('no-ranking'));
    const plain = await world.ask('searchProducts');
    expect(plain.headers.get('x-degraded')).toBe('no-ranking');
    expect(skusOf(plain.body)).toEqual([...ranked].sort());
    expect(ranked.length).toBeGreaterThan(0);
  });

  it('likes are not counted, so not even read', async () => {
    const world = await ModeWorld.open();
    world.set(atLevel(80));
    world.runtime.store.probe = () => {
      throw dead('gone');
    };
    const { status, body } = await world.ask('getLikes');
    expect([status, body]).toEqual([200, { likes: null }]);
  });

  it('a standby answers from its copy without being asked for a bound, and says how old that is', async () => {
    const world = await ModeWorld.open();
    world.runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
    world.runtime.staleness = 700;
    expect((await world.ask('getStock')).status).toBe(421);
    world.set(switched('reads-from-copy'));
    const { status, headers } = await world.ask('getStock');
    expect([status, headers.get('x-degraded')]).toEqual([200, 'reads-from-copy']);
    expect(Number(headers.get('x-staleness-ms'))).toBeGreaterThanOrEqual(700);
    world.runtime.staleness = 11_000;
    expect((await world.ask('getStock')).body.code).toBe('COPY_BEHIND');
  });

  it('a caller that names a bound is held to that one', async () => {
    const world = await ModeWorld.open();
    world.runtime.current = { state: 'standby', owner: regionName('us-west-2'), epoch: epoch(8) };
    world.runtime.staleness = 700;
    world.set(switched('reads-from-copy'));
    const refused = await world.ask('getStock', { headers: { 'x-max-staleness-ms': '100' } });
    expect(refused.body.code).toBe('COPY_BEHIND');
  });

  it.each([
    ['getStock', 60, 503, 'STORE_UNAVAILABLE'],
    ['getStock', 40, 421, 'COPY_BEHIND'],
    ['getCart', 40, 421, 'COPY_BEHIND'],
    ['checkout', 40, 503, 'STORE_UNAVAILABLE'],
  ] as const)(
    'with its own store gone the owner answers %s at level %d with %d %s',
    async (name, level, status, code) => {
      const world = await ModeWorld.open();
      world.set(atLevel(level));
      world.runtime.store.probe = () => {
        throw dead('gone');
      };
      const refused = await world.ask(name);
      // Without a hint: the router then asks the other region, once.
      expect([refused.status, refused.body.code, refused.headers.has('x-holdfast-owner')]).toEqual([
        status,
        code,
        status !== 421,
      ]);
    },
  );
});

describe('x-degraded', () => {
  it('lists all that an answer lacks, in one order', async () => {
    const world = await ModeWorld.open();
    world.runtime.current = { state: 'standby', owner: null, epoch: null };
    world.runtime.staleness = null;
    const level = atLevel(60);
    world.set({ levels: level.levels, switches: switched('reads-from-copy', 'no-ranking').switches });
    expect((await world.ask('searchProducts')).headers.get('x-degraded')).toBe(
      'stale, level-60, no-ranking, reads-from-copy',
    );
  });

  it('says of a write that it is unreplicated as ever', async () => {
    const world = await ModeWorld.open();
    world.set(atLevel(60));
    world.runtime.store.degraded = 'unreplicated';
    expect((await world.ask('putStock')).headers.get('x-degraded')).toBe('unreplicated');
  });
});

describe('a refusal', () => {
  it('says what is off, until when, and what works', async () => {
    const world = await ModeWorld.open();
    const until = setting().expiresAtMs;
    world.set(atLevel(5, { expiresAtMs: until }));
    const { body } = await world.ask('checkout');
    expect(body).toMatchObject({
      ...{
        off: 'checkout',
        by: ['level-5'],
        until: new Date(until).toISOString(),
        stillWorks: ['getOrder', 'getCart'],
      },
      title: 'Switched off',
    });
  });

  it('does not ask to wait beyond its end', async () => {
    const world = await ModeWorld.open();
    const nowMs = world.runtime.clock.wallMs();
    world.set(atLevel(0, { expiresAtMs: nowMs + 3_000, sinceMs: nowMs }));
    expect(Number((await world.ask('getCart')).headers.get('retry-after'))).toBeLessThanOrEqual(3);
  });

  it('is of this cell or of all, and of no other', async () => {
    const world = await ModeWorld.open();
    world.set(atLevel(0, { cell: cellId('c02') }));
    expect((await world.ask('getCart')).status).toBe(200);
    world.set(atLevel(0, { cell: null }));
    expect((await world.ask('getCart')).status).toBe(503);
  });
});

function dead(message: string): PlatformError {
  return new PlatformError({ code: 'STORE_UNAVAILABLE', kind: 'dependency', effect: 'none', message });
}

function skusOf(body: Record<string, unknown>): readonly string[] {
  return (body.products as readonly { sku: string }[]).map(({ sku }) => sku);
}
