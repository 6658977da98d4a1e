/**
 * Which editions the services of a cell run on Lambda: each function is asked, in both regions, and its answer is that of one of its
 * execution environments, which looks at the shelves before it answers. Whether an edition can be read and obeyed there is seen so;
 * all other environments look within `DOCUMENTS_SPREAD_MS`, which whoever publishes has to wait for.
 */
import { DOCUMENTS_ERRAND } from '../../cell/functions/documents-errand.ts';
import { cellFunctionName, LIVE } from '../../core/aws-names.ts';
import type { Clock } from '../../core/clock.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import { SERVICES } from '../../core/service-paths.ts';
import type { Topology } from '../../core/topology.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { DocumentEyes, SeenEdition } from '../documents/document-eyes.ts';
import type { RegionFunctions } from './region-functions.ts';

export interface FunctionDocumentEyesOptions {
  readonly topology: Topology;
  readonly functions: (region: RegionName) => Pick<RegionFunctions, 'invoke'>;
  readonly clock: Clock;
  /** A cold start, and a first connection to a far region, come before the answer. */
  readonly coldMs: number;
}

export function functionDocumentEyes(options: FunctionDocumentEyesOptions): DocumentEyes {
  return {
    look: ({ cell, type }, { withinMs }) => {
      const spec = options.topology.cells.find(({ id }) => id === cell);
      const regions = spec ? [spec.home, spec.standby] : [];
      const ms = withinMs + options.coldMs;
      return Promise.all(
        regions.map(async (region) => {
          const names = SERVICES.map((service) => `${cellFunctionName(cell as CellId, service)}:${LIVE}`);
          return oldestOf(region, await Promise.all(names.map((name) => saidBy(options, { name, region, type, ms }))));
        }),
      );
    },
  };
}

type Said = Omit<SeenEdition, 'region'>;

const SILENT: Said = { version: null, refused: null };

/** A region runs what the last of its services runs; one that is silent speaks for all. */
function oldestOf(region: RegionName, said: readonly Said[]): SeenEdition {
  const versions = said.flatMap(({ version }) => (version === null ? [] : [version]));
  const version = versions.length < said.length ? null : Math.min(...versions);
  return { region, version, refused: said.find(({ refused }) => refused !== null)?.refused ?? null };
}

async function saidBy(
  { functions, clock }: FunctionDocumentEyesOptions,
  { name, region, type, ms }: { name: string; region: RegionName; type: string; ms: number },
): Promise<Said> {
  try {
    const { body, functionError } = await new Deadline({ clock, ms }).run(name, (signal) =>
      functions(region).invoke(name, DOCUMENTS_ERRAND, signal),
    );
    return functionError === null ? readSaid(body, type) : SILENT;
  } catch {
    // That it did not answer is what was to be found out.
    return SILENT;
  }
}

/** An older release answers something else, or knows the type not. */
function readSaid(body: unknown, type: string): Said {
  const { documents } = (body ?? {}) as { readonly documents?: Readonly<Record<string, unknown>> };
  const said = (documents?.[type] ?? {}) as { readonly version?: unknown; readonly lastRefused?: unknown };
  if (typeof said.version !== 'number') return SILENT;
  return { version: said.version, refused: (said.lastRefused ?? null) as Said['refused'] };
}
