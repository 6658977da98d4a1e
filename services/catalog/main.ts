/** Composition root of the catalogue function: the handler that Lambda and the cell's host call. */
import { handle } from 'hono/aws-lambda';
import { getCellRuntime } from '../../cell/runtime.ts';
import { createCatalogApp } from './app.ts';

export const handler = handle(createCatalogApp(getCellRuntime()));
