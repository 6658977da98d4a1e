/** Composition root of the cart function: the handler that Lambda and the cell's host call. */
import { handle } from 'hono/aws-lambda';
import { serviceCell } from '../../cell/functions/lambda-cell.ts';
import { createCartApp } from './app.ts';

const cell = serviceCell(process.env);

export const handler = cell.serve(handle(createCartApp(cell.runtime)));
