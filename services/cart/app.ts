/** The cart service as an app: routes on one side, the domain on the other, nothing else. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { createServiceApp, mount, type ServiceApp } from '../http/service-app.ts';
import { withSessions } from '../session/session-store.ts';
import type { CartLine } from './cart-lanes.ts';
import { CartService } from './cart-service.ts';
import { cartRoutes, deleteItem, getCart, putItem } from './routes.ts';

export function createCartApp(cell: CellRuntime): ServiceApp {
  const runtime = withSessions(cell);
  const carts = new CartService(runtime);
  const app = createServiceApp({
    runtime,
    routes: cartRoutes,
    title: 'Holdfast cart',
    openApiPath: '/carts/openapi.json',
  });
  mount(app, {
    runtime,
    route: putItem,
    handler: async ({ params, body, call }) => {
      const { lines, degraded } = await carts.setQuantity({ ...params, ...body, tenant: call.tenant }, call);
      return { status: 200, body: view(params.cart, lines), degraded };
    },
  });
  mount(app, {
    runtime,
    route: deleteItem,
    handler: async ({ params, call }) => {
      const { lines, degraded } = await carts.setQuantity({ ...params, quantity: 0, tenant: call.tenant }, call);
      return { status: 200, body: view(params.cart, lines), degraded };
    },
  });
  mount(app, {
    runtime,
    route: getCart,
    handler: async ({ params, call }) => ({
      status: 200,
      body: view(params.cart, await carts.read({ ...params, tenant: call.tenant }, call)),
    }),
  });
  return app;
}

function view(cart: string, lines: readonly CartLine[]) {
  return { cart, lines: lines.map(({ sku, quantity }) => ({ sku, quantity })) };
}
