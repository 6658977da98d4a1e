/**
 * The switches that there are, each with what it takes away while it is on. A switch only ever takes away; whatever is not
 * named here cannot be switched, so nobody can name one that does nothing.
 */
import { FULL, type Grant, REFUSED, reduced } from './grant.ts';
import { OPERATIONS, type Operation, type OperationName } from './operations.ts';

export const SWITCH_NAMES = [
  'no-ranking',
  'no-like-counts',
  'no-likes',
  'no-descriptions',
  'no-search',
  'no-catalog-edits',
  'no-stock-edits',
  'no-new-orders',
  'reads-from-copy',
  'cart-off',
  'catalog-off',
  'checkout-off',
  'read-only',
  'cell-off',
] as const;

export type SwitchName = (typeof SWITCH_NAMES)[number];

export interface SwitchEffect {
  /** What it is of: one feature, one service, or a cell as a whole. */
  readonly reach: 'feature' | 'service' | 'cell';
  /** While it is on. */
  readonly summary: string;
  /** What is left of an operation. */
  readonly leaves: (operation: Operation) => Grant;
}

const of = (grant: Grant, ...names: readonly OperationName[]): SwitchEffect['leaves'] => {
  return ({ name }) => (names.includes(name) ? grant : FULL);
};
const refusing = (is: (operation: Operation) => boolean): SwitchEffect['leaves'] => {
  return (operation) => (is(operation) ? REFUSED : FULL);
};
const feature = (summary: string, leaves: SwitchEffect['leaves']): SwitchEffect => ({
  ...{ reach: 'feature', summary, leaves },
});
const service = (name: Operation['service'], summary: string): SwitchEffect => ({
  ...{ reach: 'service', summary, leaves: refusing((operation) => operation.service === name) },
});
const cell = (summary: string, leaves: SwitchEffect['leaves']): SwitchEffect => ({
  ...{ reach: 'cell', summary, leaves },
});

export const SWITCHES: Readonly<Record<SwitchName, SwitchEffect>> = {
  'no-ranking': feature('a search lists by sku', of(reduced('default-order'), 'searchProducts')),
  'no-like-counts': feature('the count of likes is not shown', of(reduced('no-count'), 'getLikes')),
  'no-likes': feature('likes are neither taken nor shown', of(REFUSED, 'getLikes', 'like')),
  'no-descriptions': feature(
    'descriptions are neither shown nor edited',
    of(REFUSED, 'getDescription', 'putDescription'),
  ),
  'no-search': feature('no search; browsing works', of(REFUSED, 'searchProducts')),
  'no-catalog-edits': feature(
    'products and descriptions stay as they are',
    of(REFUSED, 'putProduct', 'putDescription'),
  ),
  'no-stock-edits': feature('stock and prices are changed by orders alone', of(REFUSED, 'putStock')),
  'no-new-orders': feature('no checkout; orders that stand are seen to their end', of(REFUSED, 'checkout')),
  'reads-from-copy': feature(
    'carts, orders, catalogue and stock may be shown from a copy',
    of(reduced('from-copy'), 'getCart', 'browseProducts', 'searchProducts', 'getProduct', 'getStock', 'getOrder'),
  ),
  'cart-off': service('cart', 'nothing of the cart service'),
  'catalog-off': service('catalog', 'nothing of the catalogue service: products, likes, descriptions'),
  'checkout-off': service('checkout', 'nothing of the checkout service: checkout, orders, stock'),
  'read-only': cell(
    'nothing is changed by a request',
    refusing(({ kind }) => kind === 'write'),
  ),
  'cell-off': cell(
    'every operation is refused',
    refusing(() => true),
  ),
};

/** The operations that it reaches, with what it leaves of them. */
export function reachOf(name: SwitchName): readonly { readonly operation: OperationName; readonly grant: Grant }[] {
  return OPERATIONS.map((operation) => ({ operation: operation.name, grant: SWITCHES[name].leaves(operation) })).filter(
    ({ grant }) => grant.kind !== 'full',
  );
}
