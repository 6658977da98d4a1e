/** The catalogue as an app: browse, search, one product with its price, and its editor. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { howOf } from '../../core/modes/grant.ts';
import { StockRoom } from '../checkout/stock-room.ts';
import { createServiceApp, mount, type ServiceApp } from '../http/service-app.ts';
import { withSessions } from '../session/session-store.ts';
import { CatalogShelves, noSuchProduct } from './catalog-shelves.ts';
import type { Version } from './description-lanes.ts';
import { Descriptions } from './descriptions.ts';
import { Likes } from './likes.ts';
import { browseProducts, getProduct, putProduct, searchProducts } from './routes.ts';
import { QUERY_TERMS_MAX, termsOf } from './search-terms.ts';
import { getDescription, getLikes, postLike, putDescription, sharedRoutes } from './shared-routes.ts';

export const catalogRoutes = [browseProducts, searchProducts, getProduct, putProduct, ...sharedRoutes] as const;

/** Paths that would hide a product of the same name. */
const RESERVED: ReadonlySet<string> = new Set(['search', 'openapi.json']);

export function createCatalogApp(cell: CellRuntime): ServiceApp {
  const runtime = withSessions(cell);
  const shelves = new CatalogShelves(runtime);
  const app = createServiceApp({
    runtime,
    routes: catalogRoutes,
    title: 'Holdfast catalogue',
    openApiPath: '/products/openapi.json',
  });
  mountWindow(app, { runtime, shelves });
  mountProduct(app, { runtime, shelves });
  mountLikes(app, runtime);
  mountDescription(app, runtime);
  return app;
}

interface Parts {
  readonly runtime: CellRuntime;
  readonly shelves: CatalogShelves;
}

function mountWindow(app: ServiceApp, { runtime, shelves }: Parts): void {
  mount(app, {
    runtime,
    route: browseProducts,
    handler: async ({ query: { after = '', limit }, call }) => ({
      status: 200,
      body: { ...(await shelves.browse({ tenant: call.tenant, after, limit }, call)) },
    }),
  });
  mount(app, {
    runtime,
    route: searchProducts,
    handler: async ({ query: { q, limit }, call }) => {
      const terms = checkedTerms(q);
      const ranked = !howOf(call.mode.grant).includes('default-order');
      const wanted = { tenant: call.tenant, terms, limit, ranked };
      return { status: 200, body: { products: await shelves.search(wanted, call) } };
    },
  });
}

function mountProduct(app: ServiceApp, { runtime, shelves }: Parts): void {
  const stock = new StockRoom(runtime);
  mount(app, {
    runtime,
    route: getProduct,
    handler: async ({ params, call }) => {
      const ref = { sku: params.sku, tenant: call.tenant };
      const [product, level] = await Promise.all([shelves.product(ref, call), stock.level(ref, call)]);
      if (product === null) throw noSuchProduct(params.sku);
      const { priceCents = null, available = null } = level ?? {};
      return { status: 200, body: { ...product, priceCents, available } };
    },
  });
  mount(app, {
    runtime,
    route: putProduct,
    handler: async ({ params, body, call }) => {
      if (RESERVED.has(params.sku)) throw invalid(`The sku ${params.sku} is a path of the catalogue. Choose another.`);
      const product = { sku: params.sku, title: body.title, summary: body.summary ?? '' };
      const receipt = await shelves.put(call.tenant, product, call);
      return { status: 200, body: product, degraded: receipt?.degraded ?? null };
    },
  });
}

function mountLikes(app: ServiceApp, runtime: CellRuntime): void {
  const likes = new Likes(runtime);
  mount(app, {
    runtime,
    route: getLikes,
    handler: async ({ params, call }) => {
      const uncounted = howOf(call.mode.grant).includes('no-count');
      const count = uncounted ? null : await likes.count({ ...params, tenant: call.tenant }, call);
      return { status: 200, body: { likes: count } };
    },
  });
  mount(app, {
    runtime,
    route: postLike,
    handler: async ({ params, call }) => {
      // Admission refused the request if the key was missing.
      const ref = { ...params, tenant: call.tenant, key: call.idempotencyKey ?? '' };
      return { status: 200, body: { likes: await likes.like(ref, call) } };
    },
  });
}

function mountDescription(app: ServiceApp, runtime: CellRuntime): void {
  const descriptions = new Descriptions(runtime);
  mount(app, {
    runtime,
    route: getDescription,
    handler: async ({ params, call }) => ({
      status: 200,
      body: descriptionView(await descriptions.read({ ...params, tenant: call.tenant }, call)),
    }),
  });
  mount(app, {
    runtime,
    route: putDescription,
    handler: async ({ params, body, call }) => {
      const { text, resolves = [] } = body;
      const versions = await descriptions.edit({ ...params, tenant: call.tenant, text, resolves }, call);
      return { status: 200, body: descriptionView(versions) };
    },
  });
}

/** Nobody's text is shown as *the* text while another one stands beside it. */
function descriptionView(versions: readonly Version[]): JsonObject {
  const [first] = versions;
  if (first === undefined) return { text: null, version: null };
  if (versions.length === 1) return { text: first.text, version: first.version };
  const conflict = versions.map((each) => ({ ...each, region: each.version.slice(0, each.version.lastIndexOf('.')) }));
  return { text: null, version: null, conflict };
}

function checkedTerms(query: string): readonly string[] {
  const terms = termsOf(query);
  if (terms.length >= 1 && terms.length <= QUERY_TERMS_MAX) return terms;
  throw invalid(
    `The query ${shown(query)} has ${terms.length} words. Allowed: 1–${QUERY_TERMS_MAX} words of letters or digits.`,
  );
}
