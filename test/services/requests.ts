/** Requests to a service app as the router would send them. */
import type { ServiceApp } from '../../services/http/service-app.ts';

export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly rawBody?: string;
}

/** `line`: `PUT /carts/c1/items/anchor-mug`. */
export async function send(app: ServiceApp, line: string, options: RequestOptions = {}): Promise<Sent> {
  const [method = 'GET', path = '/'] = line.split(' ');
  const body = options.rawBody ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const response = await app.request(path, {
    method,
    headers: {
      'x-holdfast-tenant': 'acme',
      'x-holdfast-cell': 'c01',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Sent['body'] };
}
