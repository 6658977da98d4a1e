/** What the table itself must keep, whoever changes a cell of it; and that it speaks of the routes that there are. */
import { describe, expect, it } from '@jest/globals';
import { isAtMost } from '../../core/modes/grant.ts';
import { LADDER, LEVELS, promised } from '../../core/modes/ladder.ts';
import { OPERATIONS } from '../../core/modes/operations.ts';
import { reachOf, SWITCH_NAMES, SWITCHES } from '../../core/modes/switches.ts';
import { cartRoutes } from '../../services/cart/routes.ts';
import { catalogRoutes } from '../../services/catalog/app.ts';
import { checkoutRoutes } from '../../services/checkout/routes.ts';

const services = { cart: cartRoutes, catalog: catalogRoutes, checkout: checkoutRoutes };

describe('the list of operations', () => {
  it('is what the routes declare: method, path, tier, class, and what a copy may answer', () => {
    const declared = Object.entries(services).flatMap(([service, routes]) =>
      routes.map(({ operation, method, path, policy }) => ({
        ...{ name: operation, service, method, path, tier: policy.tier, class: policy.class },
        ...{ kind: policy.ack === 'none' ? 'read' : 'write', copy: policy.standbyReads ?? null },
      })),
    );
    const listed = OPERATIONS.map(({ capability: _, ...rest }) => rest);
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect([...listed].sort(byName)).toEqual([...declared].sort(byName));
  });
});

describe('the ladder', () => {
  it('grants everything at 100 and nothing at 0', () => {
    expect(new Set(OPERATIONS.map(({ name }) => promised(100, name).kind))).toEqual(new Set(['full']));
    expect(new Set(OPERATIONS.map(({ name }) => promised(0, name).kind))).toEqual(new Set(['refused']));
  });

  it('never grants more at a lower level', () => {
    for (const [name, row] of Object.entries(LADDER)) {
      LEVELS.slice(1).forEach((level, at) => {
        const above = LEVELS[at] ?? 100;
        expect([name, level, isAtMost(row[level], row[above])]).toEqual([name, level, true]);
      });
    }
  });

  it('reduces reads alone: a write is taken in full or refused, and so is money', () => {
    const reduced = OPERATIONS.filter(({ name }) => LEVELS.some((level) => promised(level, name).kind === 'reduced'));
    expect(reduced.filter(({ kind }) => kind === 'write')).toEqual([]);
  });

  it('lets no copy answer what has none', () => {
    const fromCopy = OPERATIONS.filter(({ name }) =>
      LEVELS.some((level) => {
        const grant = promised(level, name);
        return grant.kind === 'reduced' && grant.how.includes('from-copy');
      }),
    );
    expect(fromCopy.every(({ copy }) => copy !== null)).toBe(true);
  });

  it('gives up optional operations before important ones, and those before essential ones, reads and writes each', () => {
    const lowest = (name: (typeof OPERATIONS)[number]['name']) =>
      Math.min(...LEVELS.filter((level) => promised(level, name).kind !== 'refused'));
    for (const kind of ['read', 'write']) {
      const of = (tier: string) => OPERATIONS.filter((each) => each.tier === tier && each.kind === kind);
      const [essential, important, optional] = ['essential', 'important', 'optional'].map((tier) =>
        of(tier).map(({ name }) => lowest(name)),
      );
      expect(Math.max(...(essential ?? []))).toBeLessThan(Math.min(...(important ?? [])));
      expect(Math.max(...(important ?? []))).toBeLessThan(Math.min(...(optional ?? [])));
    }
  });

  it.each([
    [20, ['checkout', 'getOrder', 'putCartItem', 'deleteCartItem', 'getCart']],
    [5, ['getOrder', 'getCart']],
  ] as const)('leaves at %d exactly %j', (level, left) => {
    const works = OPERATIONS.filter(({ name }) => promised(level, name).kind !== 'refused').map(({ name }) => name);
    expect(works).toEqual(left);
  });
});

describe('the switches', () => {
  it.each(SWITCH_NAMES)('%s takes something away, and no write in part', (name) => {
    const reach = reachOf(name);
    expect(reach.length).toBeGreaterThan(0);
    const writes = new Set(OPERATIONS.filter(({ kind }) => kind === 'write').map((each) => each.name));
    expect(reach.filter(({ operation, grant }) => writes.has(operation) && grant.kind === 'reduced')).toEqual([]);
  });

  it('that turn a service off reach all of it and nothing else', () => {
    for (const service of ['cart', 'catalog', 'checkout'] as const) {
      const reached = reachOf(`${service}-off`).map(({ operation }) => operation);
      expect(reached).toEqual(OPERATIONS.filter((each) => each.service === service).map(({ name }) => name));
      expect(SWITCHES[`${service}-off`].reach).toBe('service');
    }
  });
});
