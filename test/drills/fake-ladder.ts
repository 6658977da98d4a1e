/**
 * The degraded modes of the fake platform: levels of its cells, by the table; and a shop of every operation for the tenants that a drill
 * adds, in one memory for both regions.
 */
import type { IncomingMessage } from 'node:http';
import type { Json } from '../../core/json.ts';
import { howOf } from '../../core/modes/grant.ts';
import { type Level, levelOf, promised } from '../../core/modes/ladder.ts';
import { OPERATIONS, type Operation } from '../../core/modes/operations.ts';
import type { EndedCommand } from '../../drills/ports/operator-port.ts';
import type { FakeFlaws } from './fake-flaws.ts';
import { problem, type Reply } from './fake-reply.ts';

interface Asked {
  readonly cell: string;
  readonly isOwner: boolean;
  readonly message: IncomingMessage;
  readonly body: Json;
}

type Members = { readonly [name: string]: Json };

interface Shop {
  readonly values: Map<string, Json>;
  likes: number;
  orders: number;
}

export class FakeLadder {
  readonly #flaws: FakeFlaws;
  readonly #levels = new Map<string, Level>();
  readonly #shops = new Map<string, Shop>();
  publishedAtMs = 0;

  constructor(flaws: FakeFlaws) {
    this.#flaws = flaws;
  }

  /** `mode set <cell> <level> …`. */
  command([, , cell = '', level]: readonly string[], nowMs: number): EndedCommand {
    this.publishedAtMs = nowMs;
    this.#levels.set(this.#flaws.levelsAreShared ? 'all' : cell, levelOf(Number(level)) ?? 100);
    return { exitCode: 0, stdout: '{}', stderr: '' };
  }

  /** `null`: a level has nothing to say, and whoever serves the other tenants goes on. */
  answer(asked: Asked): Reply | null {
    const { message, cell } = asked;
    const [path = '', query] = String(message.url).split('?');
    const operation = OPERATIONS.find((one) => one.method === message.method && fits(one.path, path));
    const tenant = String(message.headers['x-holdfast-tenant']);
    if (!operation) return null;
    const level = this.#levels.get('all') ?? this.#levels.get(cell) ?? 100;
    const grant = promised(level, operation.name);
    const isRefused = grant.kind === 'refused' && operation.name !== this.#flaws.servesAlways;
    if (isRefused) {
      if (this.#flaws.doesWhatItRefuses) this.#serve(operation, { ...asked, tenant, path });
      return refused(operation, level);
    }
    if (!tenant.startsWith('ladder-')) return null;
    const how = howOf(grant);
    if (!asked.isOwner && operation.class !== 'mergeable' && !how.includes('from-copy'))
      return problem(421, 'NOT_ACTIVE');
    const reply = this.#serve(operation, { ...asked, tenant, path });
    const body = query?.startsWith('q=') ? foundBy(how.includes('default-order')) : reply;
    const headers: Record<string, string> = {};
    if (grant.kind === 'reduced' && !(this.#flaws.unmarkedSearch && query)) headers['x-degraded'] = `level-${level}`;
    if (!asked.isOwner) headers['x-staleness-ms'] = '15';
    const counted = how.includes('no-count') ? { likes: null } : body;
    return { status: 200, body: operation.name === 'getLikes' ? counted : body, headers };
  }

  #serve(operation: Operation, { tenant, path, body }: Asked & { tenant: string; path: string }): Json {
    const shop = this.#shops.get(tenant) ?? { values: new Map<string, Json>(), likes: 0, orders: 0 };
    this.#shops.set(tenant, shop);
    const [, , name = '', , sku = ''] = path.split('/');
    const members = (body ?? {}) as Members;
    const value = (of: string) => shop.values.get(of) ?? null;
    switch (operation.name) {
      case 'checkout':
        shop.orders += 1;
        return { order: `ord-${shop.orders}`, status: 'CONFIRMED' };
      case 'getOrder':
        return { order: name, status: 'CONFIRMED' };
      case 'putCartItem':
        if (name === 'ladder') shop.values.set(`cart ${sku}`, members.quantity ?? null);
        break;
      case 'like':
        shop.likes += 1;
        break;
      case 'putStock':
      case 'putProduct':
      case 'putDescription':
        shop.values.set(`${operation.name} ${name}`, members);
        break;
    }
    const description = value(`putDescription ${name}`) as Members | null;
    const rope = { sku: 'ladder-rope', quantity: value('cart ladder-rope') };
    return {
      ...{ lines: [rope], likes: shop.likes, version: 'east.1', text: description?.text ?? null },
      ...(value(`putStock ${name}`) as Members | null),
      ...(value(`putProduct ${name}`) as Members | null),
    };
  }
}

function fits(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replace(/:[a-z]+/g, '[^/]+')}$`).test(path);
}

function foundBy(inOrder: boolean): Json {
  const skus = ['find-a', 'find-b'];
  return { products: (inOrder ? skus : skus.reverse()).map((sku) => ({ sku })) };
}

function refused({ name }: Operation, level: Level): Reply {
  const stillWorks = OPERATIONS.filter((one) => promised(level, one.name).kind !== 'refused').map((one) => one.name);
  const said = { off: name, by: [`level-${level}`], until: new Date(0).toISOString(), stillWorks };
  const { status, body } = problem(503, 'DEGRADED');
  const headers = { 'x-degraded': `level-${level}`, 'retry-after': '20' };
  return { status, body: { ...(body as object), ...said }, headers };
}
