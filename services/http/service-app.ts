/**
 * The Hono app that every service stands in: bounded bodies, the response headers of a cell, problem documents, and the
 * OpenAPI document. `mount` adds a route from its declaration: admission first, then validation, then the handler, so
 * that a request for somebody else's cell costs no parsing.
 */
import { type Context, Hono } from 'hono';
import type { CellRuntime, Standing } from '../../cell/cell-runtime.ts';
import type { RoutePolicy } from '../../core/consistency.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { Epoch } from '../../core/ids.ts';
import { DEGRADED_HEADER, degradedHeader } from '../../core/modes/degraded-header.ts';
import { howOf } from '../../core/modes/grant.ts';
import { ModeView } from '../../core/modes/mode-view.ts';
import { SESSION_HEADER } from '../session/session-token.ts';
import { admit, type Call, IDEMPOTENCY_KEY_HEADER, notActive, OWNER_HEADER, repeatableKey } from './call.ts';
import { ageOfAnswerMs, askOtherRegion } from './freshness.ts';
import { problemResponse } from './problem-response.ts';
import { readJson } from './request-body.ts';
import { requestLines } from './request-lines.ts';
import { type Reply, type Route, type RouteHandler, routeMode, type Schema } from './route.ts';
import { validated } from './validation.ts';

interface ServiceEnv {
  Variables: { operation: string; policy: RoutePolicy; call: Call };
}

export type ServiceApp = Hono<ServiceEnv>;

export interface ServiceOptions {
  readonly runtime: CellRuntime;
  readonly title: string;
  /** What the OpenAPI document lists: the routes that are mounted. */
  readonly routes: readonly Route[];
  /** Where the document stands besides `/openapi.json`: a path that the cell's host routes to this service. */
  readonly openApiPath: string;
}

export function createServiceApp({ runtime, title, routes, openApiPath }: ServiceOptions): ServiceApp {
  const app: ServiceApp = new Hono<ServiceEnv>();
  app.use(requestLines(runtime, (context) => context.get('operation') ?? null));
  const view = viewOf(runtime);
  const problemOf = (error: Error, context: Context<ServiceEnv>) => {
    const call = context.get('call') as Call | undefined;
    const policy = (context.get('policy') as RoutePolicy | undefined) ?? null;
    const idempotencyKey = call?.idempotencyKey ?? repeatableKey(context.req.header(IDEMPOTENCY_KEY_HEADER));
    const problem = problemResponse(error, { runtime, modes: view.current, policy, idempotencyKey });
    // "There is none" of a copy, or of a line that lost what the caller had seen, must not read like the owner's.
    if (call !== undefined && !isElsewhere(error)) markRead(problem, { runtime, call });
    return withCellHeaders(problem, { runtime, epoch: runtime.standing().epoch, owns: !isElsewhere(error) });
  };
  app.onError(problemOf);
  app.notFound((context) => {
    context.error = notFound(context.req.method, context.req.path);
    return problemOf(context.error, context);
  });
  const document = async (context: Context<ServiceEnv>) => {
    const { openApiDocument } = await import('./openapi.ts');
    return context.json(openApiDocument({ title, routes }));
  };
  app.get('/openapi.json', document);
  app.get(openApiPath, document);
  return app;
}

function viewOf({ documents, clock, identity: { cell } }: CellRuntime): ModeView {
  return new ModeView({ documents, clock, cell });
}

interface Mounting<Params extends Schema, Body extends Schema, Query extends Schema> {
  readonly runtime: CellRuntime;
  readonly route: Route<Params, Body, Query>;
  readonly handler: RouteHandler<Params, Body, Query>;
}

export function mount<Params extends Schema, Body extends Schema, Query extends Schema>(
  app: ServiceApp,
  options: Mounting<Params, Body, Query>,
): void {
  const { runtime, route, handler } = options;
  const { policy } = route;
  const view = viewOf(runtime);
  // A route that is missing from the ladder would work at every level: then its service does not start.
  routeMode(route, view.current);
  app.on(route.method, [route.path], async (context) => {
    context.set('operation', route.operation);
    context.set('policy', policy);
    const modes = view.current;
    const mode = routeMode(route, modes);
    const call = admit({ runtime, policy, mode, modes, header: (name) => context.req.header(name) });
    context.set('call', call);
    return runtime.admission.run(call.tenant, async () => {
      const params = validated(route.params, context.req.param());
      const query = route.query ? validated(route.query, once(context.req.queries())) : (undefined as never);
      // A route without a body has no schema for one either; its handler is not given any.
      const body = route.body ? validated(route.body, await readJson(context.req)) : (undefined as never);
      const work = () => handler({ params, query, body, call });
      const reply = await orElsewhere(call, asOwner({ runtime, policy, call }, work));
      return respond({ context, reply, policy, runtime, call });
    });
  });
}

/**
 * An answer of the owner is confirmed after everything was read: a process that slept, or whose store was fenced by a
 * takeover that it has not heard of, would otherwise answer, or say "there is none", with what the new owner has changed
 * since. A write needs none of it: its commit meets the fence.
 */
function asOwner(
  { runtime, policy, call }: { runtime: CellRuntime; policy: RoutePolicy; call: Call },
  work: () => Promise<Reply>,
): Promise<Reply> {
  const { epoch } = call;
  if (policy.ack !== 'none' || epoch === null) return work();
  return work().finally(async () => {
    const standing = runtime.standing();
    if (standing.state !== 'active' || standing.epoch !== epoch) throw notActive(standing);
    await runtime.store.confirmOwner(epoch, call);
  });
}

/** A read that may come from a copy need not come from this region's store, whoever owns what. */
function orElsewhere(call: Call, reply: Promise<Reply>): Promise<Reply> {
  return howOf(call.mode.grant).includes('from-copy') ? reply.catch(askOtherRegion) : reply;
}

/** Values that occur once as themselves; the others stay lists, which no schema takes. */
function once(queries: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(queries).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}

interface Responding {
  readonly context: Context;
  readonly reply: Reply;
  readonly policy: RoutePolicy;
  readonly runtime: CellRuntime;
  readonly call: Call;
}

function respond({ context, reply, policy, runtime, call }: Responding): Response {
  const ageMs = ageOfAnswerMs(runtime, call.freshness);
  const response = context.json(reply.body, reply.status, { ...reply.headers });
  const degraded = degradedHeader([...(reply.degraded ? [reply.degraded] : []), ...lacksOf(call)]);
  if (call.session.given || policy.ack !== 'none') response.headers.set(SESSION_HEADER, call.session.text());
  if (degraded) response.headers.set(DEGRADED_HEADER, degraded);
  // An answer of the owner is never stale. One from a copy is, and a merged one lacks the peer's newest.
  const stalenessMs = ageMs ?? (policy.class === 'mergeable' ? runtime.stalenessMs() : null);
  if (stalenessMs !== null) response.headers.set('x-staleness-ms', String(Math.ceil(stalenessMs)));
  return withCellHeaders(response, { runtime, epoch: epochOf(call, runtime.standing()), owns: true });
}

function markRead(problem: Response, { runtime, call }: { runtime: CellRuntime; call: Call }): void {
  const degraded = degradedHeader(lacksOf(call));
  const { freshness } = call;
  if (degraded) problem.headers.set(DEGRADED_HEADER, degraded);
  if (freshness.kind === 'unbounded' || freshness.completeToMs === null) return;
  problem.headers.set('x-staleness-ms', String(Math.ceil(runtime.clock.monotonicMs() - freshness.completeToMs)));
}

/** What the caller had seen is gone; what is shown is older than was asked for; what a mode takes of the operation. */
function lacksOf({ session, freshness, mode }: Call): readonly string[] {
  const lost = session.lost ? ['session-lost'] : [];
  const stale = freshness.kind === 'stale' ? ['stale'] : [];
  return [...lost, ...stale, ...mode.causes];
}

/** An answer made under a lease says which epoch that was, even if the cell has moved away since. */
function epochOf(call: Call, standing: Standing): Epoch | null {
  return standing.state === 'active' ? standing.epoch : (call.epoch ?? standing.epoch);
}

interface CellHeaders {
  readonly runtime: CellRuntime;
  readonly epoch: Epoch | null;
  /** `false`: what was asked for is in the other region, though this one may be the active one. */
  readonly owns: boolean;
}

/** Sent on without a hint: a router then asks the cell's other region, once. */
function isElsewhere(error: unknown): boolean {
  return isPlatformError(error) && error.code === 'COPY_BEHIND';
}

function withCellHeaders(response: Response, from: CellHeaders): Response {
  const { cell, region } = from.runtime.identity;
  const { epoch } = from;
  // Any answer of the owner tells a router that has not heard of the move yet.
  if (from.owns && from.runtime.standing().state === 'active') response.headers.set(OWNER_HEADER, region);
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
