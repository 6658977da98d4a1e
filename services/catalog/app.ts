/** The catalogue as an app: browse, search, one product with its price, and its editor. */
import type { CellRuntime } from '../../cell/cell-runtime.ts';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { StockRoom } from '../checkout/stock-room.ts';
import { createServiceApp, mount, type ServiceApp } from '../http/service-app.ts';
import { withSessions } from '../session/session-store.ts';
import { CatalogShelves, noSuchProduct } from './catalog-shelves.ts';
import { browseProducts, getProduct, putProduct, searchProducts } from './routes.ts';
import { QUERY_TERMS_MAX, termsOf } from './search-terms.ts';

export const catalogRoutes = [browseProducts, searchProducts, getProduct, putProduct] as const;

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
      return { status: 200, body: { products: await shelves.search({ tenant: call.tenant, terms, limit }, call) } };
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
      const product = { sku: params.sku, title: body.title, summary: body.summary ?? '' };
      const receipt = await shelves.put(call.tenant, product, call);
      return { status: 200, body: product, degraded: receipt?.degraded ?? null };
    },
  });
}

function checkedTerms(query: string): readonly string[] {
  const terms = termsOf(query);
  if (terms.length >= 1 && terms.length <= QUERY_TERMS_MAX) return terms;
  throw invalid(
    `The query ${shown(query)} has ${terms.length} words. Allowed: 1–${QUERY_TERMS_MAX} words of letters or digits.`,
  );
}
