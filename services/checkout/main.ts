/** Composition root of the checkout function: the handler that Lambda and the cell's host call. */
import { handle } from 'hono/aws-lambda';
import { getCellRuntime } from '../../cell/runtime.ts';
import { createCheckoutApp } from './app.ts';
import { PaymentClient } from './payment-client.ts';

const runtime = getCellRuntime();
const payments = new PaymentClient({ baseUrl: runtime.setting('PAYMENTS_URL'), clock: runtime.clock });

export const handler = handle(createCheckoutApp(runtime, payments));
