/**
 * The document `limits`: how much a cell's process takes before it refuses early. Permissive by default; a refusal is an
 * honest 503 with a time to wait, which costs less than an answer that comes too late for everybody.
 */
import { type CellId, cellId, shown } from '../ids.ts';
import type { DocumentType, Objection } from './document-type.ts';
import { readInteger, readList, readMembers } from './read-body.ts';

export interface CellLimits {
  /** Requests under way at once in one process of the cell. */
  readonly concurrentRequestsMax: number;
  /** Of one tenant in one process, with a burst of as many. */
  readonly tenantRequestsPerSecondMax: number;
}

export interface Limits extends CellLimits {
  /** Cells that differ. */
  readonly cells: readonly (Partial<CellLimits> & { readonly cell: CellId })[];
}

/** Each waits for two stores, so more would only queue there; the host has sockets and memory for as many. */
export const CONCURRENT_REQUESTS_MAX = 512;
/** Several times what one process of a cell answers, so it never refuses by default. */
export const TENANT_REQUESTS_PER_SECOND_MAX = 10_000;
/** Exceptions; with more of them the rule is wrong. */
const CELLS_MAX = 200;
/** In one edition, either way: a limit that is wrong by an order of magnitude is more often a typing error than a need. */
const FACTOR_MAX = 4;

const NAMES = ['concurrentRequestsMax', 'tenantRequestsPerSecondMax'] as const;
const RANGES = {
  concurrentRequestsMax: { min: 1, max: CONCURRENT_REQUESTS_MAX },
  tenantRequestsPerSecondMax: { min: 1, max: TENANT_REQUESTS_PER_SECOND_MAX },
} as const;

export const limitsDocument: DocumentType<Limits> = {
  name: 'limits',
  summary: 'How many requests a process of a cell takes: at once, and of one tenant in a second.',
  staging: 'waves',
  bytesMax: 32 * 1024,
  bundled: {
    concurrentRequestsMax: CONCURRENT_REQUESTS_MAX,
    tenantRequestsPerSecondMax: TENANT_REQUESTS_PER_SECOND_MAX,
    cells: [],
  },
  parse: (value) => {
    const members = readMembers(value, { path: '$', required: NAMES, optional: ['cells'] });
    const cells = readList(members.get('cells') ?? [], { path: '$.cells', lengthMax: CELLS_MAX });
    return { ...readLimits(members, '$'), cells: cells.map(readCell) };
  },
  check: (body, { before, topology }) => {
    const known = topology.cells.map(({ id }) => id);
    const names = body.cells.map(({ cell }) => cell);
    return [
      ...names.filter((cell) => !known.includes(cell)).map((cell) => semantic(`unknown cell ${cell}`, shown(known))),
      ...names.filter((cell, index) => names.indexOf(cell) < index).map((cell) => semantic(`${cell} twice`, 'once')),
      ...[null, ...known].flatMap((cell) => tooFar(limitsOf(before, cell), { after: limitsOf(body, cell), cell })),
    ];
  },
  isSafeDirection: (before, after) => {
    const cells = [null, ...[...before.cells, ...after.cells].map(({ cell }) => cell)];
    return cells.every((cell) => NAMES.every((name) => limitsOf(after, cell)[name] <= limitsOf(before, cell)[name]));
  },
};

/** What holds for a cell; `null`: for those that are not named. */
export function limitsOf(limits: Limits, cell: CellId | null): CellLimits {
  const { concurrentRequestsMax, tenantRequestsPerSecondMax } = limits;
  const own = cell === null ? undefined : limits.cells.find((each) => each.cell === cell);
  return { concurrentRequestsMax, tenantRequestsPerSecondMax, ...own };
}

function readLimits(members: ReadonlyMap<string, unknown>, path: string): CellLimits {
  const read = (name: (typeof NAMES)[number]) =>
    readInteger(members.get(name), { path: `${path}.${name}`, ...RANGES[name] });
  return {
    concurrentRequestsMax: read('concurrentRequestsMax'),
    tenantRequestsPerSecondMax: read('tenantRequestsPerSecondMax'),
  };
}

function readCell(value: unknown, index: number): Limits['cells'][number] {
  const path = `$.cells[${index}]`;
  const members = readMembers(value, { path, required: ['cell'], optional: NAMES });
  const own = NAMES.filter((name) => members.has(name)).map((name) => [
    name,
    readInteger(members.get(name), { path: `${path}.${name}`, ...RANGES[name] }),
  ]);
  return { cell: cellId(members.get('cell')), ...(Object.fromEntries(own) as Partial<CellLimits>) };
}

function tooFar(
  before: CellLimits,
  { after, cell }: { readonly after: CellLimits; readonly cell: CellId | null },
): readonly Objection[] {
  return NAMES.filter((name) => {
    const factor = after[name] / before[name];
    return factor > FACTOR_MAX || factor < 1 / FACTOR_MAX;
  }).map((name) => ({
    kind: 'delta',
    message: `${name}${cell === null ? '' : ` of ${cell}`} goes from ${before[name]} to ${after[name]}. Allowed in one edition: a factor of ${FACTOR_MAX}.`,
  }));
}

const semantic = (seen: string, allowed: string): Objection => ({
  kind: 'semantic',
  message: `$.cells has ${seen}. Allowed: ${allowed}.`,
});
