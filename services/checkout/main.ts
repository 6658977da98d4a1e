/** Composition root of the checkout function: the handler that Lambda and the cell's host call. */
import { handle } from 'hono/aws-lambda';
import { serviceCell } from '../../cell/functions/lambda-cell.ts';
import { createCheckoutApp } from './app.ts';
import { openPayments } from './open-payments.ts';

const cell = serviceCell(process.env);
const payments = openPayments(cell.runtime, process.env);

export const handler = cell.serve(handle(createCheckoutApp(cell.runtime, payments)));
