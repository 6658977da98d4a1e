/**
 * The declaration of a route: schema and policy beside each other. Everything else (validation, admission, the OpenAPI
 * document) is derived from it, so that what is documented is what is enforced.
 */
import type * as z from 'zod/mini';
import type { RoutePolicy } from '../../core/consistency.ts';
import { invariant } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { EffectiveModes, OperationMode } from '../../core/modes/effective-modes.ts';
import { operationNamed } from '../../core/modes/operations.ts';
import type { Call } from './call.ts';

export type Schema = z.ZodMiniType;

export interface Route<Params extends Schema = Schema, Body extends Schema = Schema, Query extends Schema = Schema> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** In Hono's form: `/carts/:cart`. */
  readonly path: string;
  readonly operation: string;
  readonly summary: string;
  readonly policy: RoutePolicy;
  readonly params: Params;
  /** Of the query string; a name that occurs twice is refused. Absent: whatever it holds is not looked at. */
  readonly query?: Query;
  /** `null`: the route takes no body. */
  readonly body: Body | null;
  readonly responses: Readonly<Record<number, ResponseDeclaration>>;
}

export interface ResponseDeclaration {
  readonly description: string;
  readonly schema?: Schema;
}

export interface RouteInput<Params extends Schema, Body extends Schema, Query extends Schema> {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly call: Call;
}

export interface Reply {
  readonly status: 200 | 201 | 202;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
  /** Becomes `x-degraded`. */
  readonly degraded?: string | null;
}

export type RouteHandler<Params extends Schema, Body extends Schema, Query extends Schema> = (
  input: RouteInput<Params, Body, Query>,
) => Promise<Reply>;

/** Keeps the schemas' types; checks nothing. */
export function defineRoute<Params extends Schema, Body extends Schema, Query extends Schema>(
  route: Route<Params, Body, Query>,
): Route<Params, Body, Query> {
  return route;
}

/** What the modes leave of the route. Throws `INTERNAL` for one that the ladder does not know. */
export function routeMode(route: Pick<Route, 'operation'>, modes: EffectiveModes): OperationMode {
  const operation = operationNamed(route.operation);
  const mode = operation === null ? undefined : modes.operations.get(operation.name);
  invariant(
    mode !== undefined,
    `the operation ${route.operation} stands in core/modes/operations.ts and on the ladder`,
  );
  return mode;
}
