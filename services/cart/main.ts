/** Composition root of the cart function: the handler that Lambda and the cell's host call. */
import { handle } from 'hono/aws-lambda';
import { getCellRuntime } from '../../cell/runtime.ts';
import { createCartApp } from './app.ts';

export const handler = handle(createCartApp(getCellRuntime()));
