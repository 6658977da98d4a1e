/**
 * Where a cell's services are: each region's keeper writes their URLs into the arbiter, and the publishers take them from
 * there into the map. Written only when it changed; a write that fails is repeated at the next turn.
 */
import { invalid } from '../../core/errors.ts';
import { type CellId, type RegionName, shown } from '../../core/ids.ts';
import type { ServiceName } from '../../core/topology-aws.ts';
import type { CallBounds } from '../cell-store.ts';
import type { Item, Key, Table } from '../table/table.ts';

/** By itself: a function does not carry the rules of the topology along. */
const SERVICES: readonly ServiceName[] = ['cart', 'catalog', 'checkout'];
export type ServiceUrls = Readonly<Record<ServiceName, string>>;

export interface Address {
  readonly cell: CellId;
  readonly region: RegionName;
  readonly urls: ServiceUrls;
  readonly release: string;
}

/** All of a cell's under one table key: one query reads both regions. */
export const addressKey = (of: Pick<Address, 'cell' | 'region'>): Key => ({ pk: `ADDRESS#${of.cell}`, sk: of.region });

/** Returns whether it had to be written. */
export async function announce(arbiter: Table, address: Address, bounds: CallBounds): Promise<boolean> {
  const { urls, release } = address;
  const item: Item = { ...addressKey(address), ...urls, release };
  const present = await arbiter.get(addressKey(address), bounds);
  if (present !== null && Object.entries(item).every(([name, value]) => present[name] === value)) return false;
  await arbiter.write({ kind: 'put', item }, bounds);
  return true;
}

/** `HOLDFAST_SERVICE_URLS`: a JSON object with the URL of each service. Throws `INVALID_INPUT`. */
export function parseServiceUrls(text: string): ServiceUrls {
  const given = members(text);
  const urls = SERVICES.map((service) => {
    const url = given[service];
    if (typeof url === 'string' && URL.canParse(url)) return [service, url] as const;
    throw invalid(
      `HOLDFAST_SERVICE_URLS has ${shown(url)} for ${service}. Allowed: a URL for each of ${SERVICES.join(', ')}.`,
    );
  });
  return Object.fromEntries(urls) as ServiceUrls;
}

function members(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below, as for JSON that is no object.
  }
  throw invalid(`HOLDFAST_SERVICE_URLS is ${shown(text)}. Allowed: {"cart": …, "catalog": …, "checkout": …}.`);
}
