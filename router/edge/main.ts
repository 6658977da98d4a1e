/**
 * The router at the edge: a CloudFront Function that sends a request to the router of the region in which the tenant's cell
 * is active, which spares a crossing between regions. It decides nothing else: the token is read and not verified, and the
 * regional router, whichever gets the request, verifies and routes it as if this function did not exist. So whatever goes
 * wrong here ends at the default origin. Written in what runtime 2.0 documents: no classes, spread, destructuring or for-of.
 */
import cf from 'cloudfront';
import { regionOfTenant } from '../../core/edge-lookup.ts';
import type { TenantId } from '../../core/ids.ts';

interface ViewerRequest {
  readonly request: { readonly headers: Readonly<Record<string, { readonly value: string } | undefined>> };
}

/** The distribution names its origins so. */
const ORIGIN_PREFIX = 'router-';
/** As everywhere: longer ones are no tokens of ours, and reading them would cost time that a function here hasn't. */
const TOKEN_LENGTH_MAX = 4_096;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export async function handler(event: ViewerRequest): Promise<ViewerRequest['request']> {
  try {
    const tenant = claimedTenant(event.request.headers.authorization);
    if (tenant !== null) {
      const region = await regionOfTenant(tenant, getValue);
      cf.selectRequestOriginById(ORIGIN_PREFIX + region);
    }
  } catch (_error) {
    // No token, no entry, no such origin: the default origin routes it.
  }
  return event.request;
}

function getValue(key: string): Promise<string> {
  return cf.kvs().get(key);
}

/** Not verified: it only picks an origin. */
function claimedTenant(authorization: { readonly value: string } | undefined): TenantId | null {
  if (authorization === undefined || authorization.value.length > TOKEN_LENGTH_MAX) return null;
  const payload = authorization.value.split('.')[1];
  if (payload === undefined) return null;
  const tenant = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')).tenant;
  return typeof tenant === 'string' && TENANT.test(tenant) ? (tenant as TenantId) : null;
}
