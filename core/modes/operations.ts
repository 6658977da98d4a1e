/**
 * The operations of the sample product as they are seen from outside: what the ladder promises something about, and what a
 * drill may call without knowing a service. A test holds this list against the routes' own declarations.
 */
import type { ConsistencyClass, StandbyReads, Tier } from '../consistency.ts';
import type { ServiceName } from '../service-paths.ts';

export const OPERATION_NAMES = [
  'checkout',
  'getOrder',
  'putCartItem',
  'deleteCartItem',
  'getCart',
  'browseProducts',
  'searchProducts',
  'getProduct',
  'getStock',
  'putStock',
  'putProduct',
  'getLikes',
  'like',
  'getDescription',
  'putDescription',
] as const;

export type OperationName = (typeof OPERATION_NAMES)[number];

/** What a person calls a part of the shop; `holdfast status` says of each how it is. */
export const CAPABILITIES = [
  'checkout',
  'orders',
  'carts',
  'catalogue',
  'stock',
  'catalogue editing',
  'likes',
  'descriptions',
] as const;

export type Capability = (typeof CAPABILITIES)[number];

export interface Operation {
  readonly name: OperationName;
  readonly capability: Capability;
  readonly service: ServiceName;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** `:name` stands for one segment. */
  readonly path: string;
  readonly tier: Tier;
  readonly kind: 'read' | 'write';
  readonly class: ConsistencyClass;
  /** Of a read that a copy may answer: how old, and what becomes of it when nothing is heard of the owner. */
  readonly copy: StandbyReads | null;
}

const WINDOW: StandbyReads = { stalenessMsMax: 60_000, withoutOwner: 'answer-stale' };
const LEDGER: StandbyReads = { stalenessMsMax: 10_000, withoutOwner: 'refuse' };

type Member = Pick<Operation, 'capability' | 'service' | 'tier' | 'class'>;

const checkout: Member = { capability: 'checkout', service: 'checkout', tier: 'essential', class: 'strict' };
const orders: Member = { ...checkout, capability: 'orders' };
const carts: Member = { capability: 'carts', service: 'cart', tier: 'essential', class: 'mergeable' };
const catalogue: Member = { capability: 'catalogue', service: 'catalog', tier: 'important', class: 'leased' };
const stock: Member = { capability: 'stock', service: 'checkout', tier: 'important', class: 'strict' };
const editing: Member = { ...catalogue, capability: 'catalogue editing', tier: 'optional' };
const likes: Member = { capability: 'likes', service: 'catalog', tier: 'optional', class: 'mergeable' };
const descriptions: Member = { ...likes, capability: 'descriptions' };

const read = (of: Member, name: OperationName, path: string, copy: StandbyReads): Operation => ({
  ...{ name, ...of, method: 'GET', path },
  ...{ kind: 'read', copy },
});
const write = (of: Member, name: OperationName, method: 'PUT' | 'POST' | 'DELETE', path: string): Operation => ({
  ...{ name, ...of, method, path },
  ...{ kind: 'write', copy: null },
});

/** Most needed first. */
export const OPERATIONS: readonly Operation[] = [
  write(checkout, 'checkout', 'POST', '/checkout'),
  read(orders, 'getOrder', '/orders/:order', LEDGER),
  write(carts, 'putCartItem', 'PUT', '/carts/:cart/items/:sku'),
  write(carts, 'deleteCartItem', 'DELETE', '/carts/:cart/items/:sku'),
  read(carts, 'getCart', '/carts/:cart', WINDOW),
  read(catalogue, 'browseProducts', '/products', WINDOW),
  read(catalogue, 'searchProducts', '/products/search', WINDOW),
  read(catalogue, 'getProduct', '/products/:sku', WINDOW),
  read(stock, 'getStock', '/stock/:sku', LEDGER),
  write(stock, 'putStock', 'PUT', '/stock/:sku'),
  write(editing, 'putProduct', 'PUT', '/products/:sku'),
  read(likes, 'getLikes', '/products/:sku/likes', WINDOW),
  write(likes, 'like', 'POST', '/products/:sku/likes'),
  read(descriptions, 'getDescription', '/products/:sku/description', WINDOW),
  write(descriptions, 'putDescription', 'PUT', '/products/:sku/description'),
];

const BY_NAME: ReadonlyMap<string, Operation> = new Map(OPERATIONS.map((operation) => [operation.name, operation]));

/** `null`: the product has no such operation. */
export function operationNamed(name: string): Operation | null {
  return BY_NAME.get(name) ?? null;
}
