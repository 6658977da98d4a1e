/** The checkout service as an app: its routes over the service, which the outbox drives by the same steps. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { PlatformError } from '../../core/errors.ts';
import type { Reply } from '../http/route.ts';
import { createServiceApp, mount, type ServiceApp } from '../http/service-app.ts';
import type { CheckoutResult, CheckoutService } from './checkout-service.ts';
import { openCheckout } from './open-checkout.ts';
import { orderView } from './order.ts';
import type { PaymentProvider } from './payment-provider.ts';
import { checkoutRoutes, getOrder, getStock, postCheckout, putStock } from './routes.ts';
import { noSuchProduct, type StockLevel } from './stock.ts';
import type { StockRoom } from './stock-room.ts';

export function createCheckoutApp(cell: CellRuntime, payments: PaymentProvider): ServiceApp {
  const { runtime, stock, checkout } = openCheckout(cell, payments);
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
