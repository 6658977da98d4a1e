/** The checkout service as an app, and its handler of the outbox: both drive the same orders by the same steps. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { PlatformError } from '../../core/errors.ts';
import { CartService } from '../cart/cart-service.ts';
import type { Reply } from '../http/route.ts';
import { createServiceApp, mount, type ServiceApp } from '../http/service-app.ts';
import { withSessions } from '../session/session-store.ts';
import { type CheckoutResult, CheckoutService } from './checkout-service.ts';
import { orderView } from './order.ts';
import { OrderBook, SETTLE_TOPIC } from './order-book.ts';
import { orderConflict } from './order-conflict.ts';
import type { PaymentProvider } from './payment-provider.ts';
import { checkoutRoutes, getOrder, getStock, postCheckout, putStock } from './routes.ts';
import { noSuchProduct, type StockLevel } from './stock.ts';
import { stockConflict } from './stock-conflict.ts';
import { StockRoom } from './stock-room.ts';

export function createCheckoutApp(cell: CellRuntime, payments: PaymentProvider): ServiceApp {
  const runtime = withSessions(cell);
  const stock = new StockRoom(runtime);
  const checkout = new CheckoutService({
    runtime,
    orders: new OrderBook(runtime),
    stock,
    carts: new CartService(runtime),
    payments,
  });
  runtime.onMessage({ topic: SETTLE_TOPIC, handle: (message, bounds) => checkout.settle(message, bounds) });
  runtime.onConflict(orderConflict);
  runtime.onConflict(stockConflict);
  const app = createServiceApp({
    runtime,
    routes: checkoutRoutes,
    title: 'Holdfast checkout',
    openApiPath: '/checkout/openapi.json',
  });
  mountOrders(app, { runtime, checkout });
  mountStock(app, { runtime, stock });
  return app;
}

function mountOrders(
  app: ServiceApp,
  { runtime, checkout }: { runtime: CellRuntime; checkout: CheckoutService },
): void {
  mount(app, {
    runtime,
    route: postCheckout,
    handler: async ({ body, call }) => {
      const { cart, paymentMethod = null } = body;
      const { tenant, idempotencyKey } = call;
      // Admission refused the request if the key was missing.
      return reply(
        await checkout.checkout({ tenant, cart, paymentMethod, idempotencyKey: idempotencyKey ?? '' }, call),
      );
    },
  });
  mount(app, {
    runtime,
    route: getOrder,
    handler: async ({ params, call }) => ({
      status: 200,
      body: orderView(await checkout.order({ tenant: call.tenant, orderId: params.order }, call)),
    }),
  });
}

function mountStock(app: ServiceApp, { runtime, stock }: { runtime: CellRuntime; stock: StockRoom }): void {
  mount(app, {
    runtime,
    route: putStock,
    handler: async ({ params, body, call }) => {
      const { level, degraded } = await stock.restock({ ...params, ...body, tenant: call.tenant }, call);
      return { status: 200, body: stockView(params.sku, level), degraded };
    },
  });
  mount(app, {
    runtime,
    route: getStock,
    handler: async ({ params, call }) => {
      const level = await stock.level({ ...params, tenant: call.tenant }, call);
      if (level === null) throw noSuchProduct(params.sku);
      return { status: 200, body: stockView(params.sku, level) };
    },
  });
}

function reply({ order, degraded }: CheckoutResult): Reply {
  const body = orderView(order);
  const location = `/orders/${order.orderId}`;
  switch (order.status) {
    case 'CONFIRMED':
      return { status: 201, body, headers: { location }, degraded };
    case 'PENDING':
    case 'REJECTING':
      return { status: 202, body, headers: { location, 'retry-after': '1' }, degraded };
    case 'REJECTED':
      throw new PlatformError({
        code: 'BUSINESS_REFUSED',
        kind: 'caller',
        effect: 'none',
        message: `The order was rejected: ${order.reason}${order.sku === null ? '' : ` (${order.sku})`}. Nothing is charged or held. Choose a new idempotency key for another try.`,
        details: { instance: location, members: { order: body } },
      });
  }
}

function stockView(sku: string, { available, reserved, sold, stocked, priceCents }: StockLevel) {
  return { sku, available, reserved, sold, stocked, priceCents };
}
