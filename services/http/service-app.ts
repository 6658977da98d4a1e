/**
 * The Hono app that every service stands in: bounded bodies, the response headers of a cell, problem documents, and the
 * OpenAPI document. `mount` adds a route from its declaration: admission first, then validation, then the handler, so
 * that a request for somebody else's cell costs no parsing.
 */
import { type Context, Hono } from 'hono';
import { describeRoute, generateSpecs, resolver, validator } from 'hono-openapi';
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import type { RoutePolicy } from '../../core/consistency.ts';
import { PlatformError } from '../../core/errors.ts';
import { admit, type Call } from './call.ts';
import { describe } from './openapi.ts';
import { problemResponse } from './problem-response.ts';
import { readBoundedJson } from './request-body.ts';
import type { Reply, Route, RouteHandler, Schema } from './route.ts';
import { refuseInvalid } from './validation.ts';

interface ServiceEnv {
  Variables: { policy: RoutePolicy; call: Call };
}

export type ServiceApp = Hono<ServiceEnv>;

export interface ServiceOptions {
  readonly runtime: CellRuntime;
  readonly title: string;
  /** Where the OpenAPI document stands besides `/openapi.json`: a path that the cell's host routes to this service. */
  readonly openApiPath: string;
}

export function createServiceApp({ runtime, title, openApiPath }: ServiceOptions): ServiceApp {
  const app: ServiceApp = new Hono<ServiceEnv>();
  app.onError((error, context) => {
    const call = context.get('call') as Call | undefined;
    const policy = (context.get('policy') as RoutePolicy | undefined) ?? null;
    return withCellHeaders(
      problemResponse(error, { runtime, policy, idempotencyKey: call?.idempotencyKey ?? null }),
      runtime,
    );
  });
  app.notFound((context) => {
    throw notFound(context.req.method, context.req.path);
  });
  const document = async (context: Context<ServiceEnv>) =>
    context.json(await generateSpecs(app, { documentation: { info: { title, version: '1' } }, exclude: [/openapi/] }));
  app.get('/openapi.json', document);
  app.get(openApiPath, document);
  return app;
}

export function mount<Params extends Schema, Body extends Schema>(
  app: ServiceApp,
  options: { runtime: CellRuntime; route: Route<Params, Body>; handler: RouteHandler<Params, Body> },
): void {
  const { runtime, route, handler } = options;
  app.on(
    route.method,
    [route.path],
    describeRoute(describe(route, resolver)),
    async (context, next) => {
      context.set('policy', route.policy);
      context.set('call', admit({ runtime, policy: route.policy, header: (name) => context.req.header(name) }));
      if (route.body) await readBoundedJson(context.req);
      await next();
    },
    validator('param', route.params, refuseInvalid),
    ...(route.body ? [validator('json', route.body, refuseInvalid)] : []),
    async (context) => {
      // The validators above ran; Hono can't infer their types through a conditional list.
      const valid = (target: string) => context.req.valid(target as never) as never;
      const input = { params: valid('param'), body: route.body ? valid('json') : (undefined as never) };
      const reply = await handler({ ...input, call: context.get('call') });
      return respond({ context, reply, policy: route.policy, runtime });
    },
  );
}

interface Responding {
  readonly context: Context;
  readonly reply: Reply;
  readonly policy: RoutePolicy;
  readonly runtime: CellRuntime;
}

function respond({ context, reply, policy, runtime }: Responding): Response {
  const response = context.json(reply.body, reply.status, { ...reply.headers });
  if (reply.degraded) response.headers.set('x-degraded', reply.degraded);
  // A strict answer is never stale: it comes from the region that owns the cell. A merged one lacks the peer's newest.
  const stalenessMs = policy.class === 'mergeable' ? runtime.stalenessMs() : null;
  if (stalenessMs !== null) response.headers.set('x-staleness-ms', String(Math.ceil(stalenessMs)));
  return withCellHeaders(response, runtime);
}

function withCellHeaders(response: Response, runtime: CellRuntime): Response {
  const { cell, region } = runtime.identity;
  const { epoch } = runtime.standing();
  response.headers.set('x-cell', cell);
  response.headers.set('x-region', region);
  if (epoch !== null) response.headers.set('x-cell-epoch', String(epoch));
  return response;
}

function notFound(method: string, path: string): PlatformError {
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no ${method} ${path.slice(0, 100)} here. /openapi.json lists what there is.`,
  });
}
