/**
 * Checkout without its routes: the service, its handler of the outbox and its conflict rules. What answers requests and what only
 * sees orders to their end stand on the same, and only the former carries HTTP along.
 */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { CartService } from '../cart/cart-service.ts';
import { withSessions } from '../session/session-store.ts';
import { CheckoutService } from './checkout-service.ts';
import { OrderBook, SETTLE_TOPIC } from './order-book.ts';
import { orderConflict } from './order-conflict.ts';
import type { PaymentProvider } from './payment-provider.ts';
import { stockConflict } from './stock-conflict.ts';
import { StockRoom } from './stock-room.ts';

/** Once for each runtime: it registers handlers there. */
export function openCheckout(cell: CellRuntime, payments: PaymentProvider) {
  const runtime = withSessions(cell);
  const stock = new StockRoom(runtime);
  const carts = new CartService(runtime);
  const checkout = new CheckoutService({ runtime, orders: new OrderBook(runtime), stock, carts, payments });
  runtime.onMessage({ topic: SETTLE_TOPIC, handle: (message, bounds) => checkout.settle(message, bounds) });
  runtime.onConflict(orderConflict);
  runtime.onConflict(stockConflict);
  return { runtime, stock, checkout };
}
