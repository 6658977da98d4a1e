/** Which service of a cell a path belongs to: by its first segment, for every router and host alike. */

export type ServiceName = 'cart' | 'catalog' | 'checkout';

export const SERVICES: readonly ServiceName[] = ['cart', 'catalog', 'checkout'];

export const SERVICE_OF_SEGMENT: Readonly<Record<string, ServiceName>> = {
  carts: 'cart',
  checkout: 'checkout',
  orders: 'checkout',
  products: 'catalog',
  stock: 'checkout',
};

/** `target`: path and query. `null`: no service has it. */
export function serviceOf(target: string): ServiceName | null {
  const segment = /^\/([a-z]+)(?=[/?]|$)/.exec(target)?.[1] ?? '';
  return Object.hasOwn(SERVICE_OF_SEGMENT, segment) ? (SERVICE_OF_SEGMENT[segment] ?? null) : null;
}
