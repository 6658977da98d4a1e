/** Which editions a cell's processes run, as their hosts on this machine say it over an operator's links. */
import type { Clock } from '../../core/clock.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { DocumentEyes, SeenEdition } from '../documents/document-eyes.ts';
import type { Limit } from '../documents/document-store.ts';
import type { Place } from '../failover/failover-ports.ts';

export interface LinkDocumentEyesOptions {
  readonly topology: Topology;
  readonly hostUrl: (place: Place) => string;
  readonly internalSecret: string;
  readonly clock: Clock;
}

/** The status of one cell is a few kilobytes. */
const STATUS_BYTES_MAX = 1024 * 1024;

interface Status {
  readonly documents?: Readonly<Record<string, { readonly version?: unknown; readonly lastRefused?: unknown }>>;
}

export function linkDocumentEyes(options: LinkDocumentEyesOptions): DocumentEyes {
  return {
    look: ({ cell, type }, limit) => {
      const spec = options.topology.cells.find(({ id }) => id === cell);
      const regions = spec ? [spec.home, spec.standby] : [];
      return Promise.all(regions.map((region) => seen(options, { place: { cell, region }, type, limit })));
    },
  };
}

async function seen(
  options: LinkDocumentEyesOptions,
  { place, type, limit }: { readonly place: Place; readonly type: string; readonly limit: Limit },
): Promise<SeenEdition> {
  const silent = { region: place.region as RegionName, version: null, refused: null };
  try {
    const status = await statusOf(options, { place, limit });
    const said = status?.documents?.[type];
    if (typeof said?.version !== 'number') return silent;
    return { ...silent, version: said.version, refused: (said.lastRefused ?? null) as SeenEdition['refused'] };
  } catch {
    // That it did not answer is what was to be found out.
    return silent;
  }
}

function statusOf(
  { hostUrl, internalSecret, clock }: LinkDocumentEyesOptions,
  { place, limit }: { readonly place: Place; readonly limit: Limit },
): Promise<Status | null> {
  const url = `${hostUrl(place)}/_holdfast/status`;
  const headers = { authorization: `Holdfast-Internal ${internalSecret}` };
  return new Deadline({ clock, ms: limit.withinMs }).run(url, async (signal) => {
    const response = await fetch(url, { headers, signal });
    const text = await response.text();
    return response.ok && text.length <= STATUS_BYTES_MAX ? (JSON.parse(text) as Status) : null;
  });
}
