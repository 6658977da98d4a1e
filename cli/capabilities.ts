/**
 * What "up" means, by capability and for whom: of each part of the shop, in which cells it works in full, in part or not at all, and
 * which share of the tenants that is. Made from what the processes say of themselves, not from what was published.
 */
import { CAPABILITIES, type Capability, OPERATIONS, type Operation } from '../core/modes/operations.ts';
import type { Topology } from '../core/topology.ts';
import type { CellSnapshot, PlatformSnapshot } from './platform-snapshot.ts';
import type { Colours } from './terminal.ts';
import { textTable } from './text-table.ts';

/** `away`: not switched off, but nobody there who could do it. */
export type CapabilityState = 'full' | 'reduced' | 'partly' | 'off' | 'away';

export interface CapabilityInCell {
  readonly cell: string;
  readonly state: CapabilityState;
  /** What is less than full, by operation: `refused`, `reduced: from-copy`. */
  readonly operations: Readonly<Record<string, string>>;
  /** `level-40`, names of switches. */
  readonly by: readonly string[];
}

export interface CapabilityView {
  readonly capability: Capability;
  /** Of the tenants, by the weights of their cells: for whom it works in full. */
  readonly fullShare: number;
  /** Only those where it does not. */
  readonly less: readonly CapabilityInCell[];
}

export function capabilitiesOf({ view, cells }: Pick<PlatformSnapshot, 'view' | 'cells'>): readonly CapabilityView[] {
  return CAPABILITIES.map((capability) => {
    const operations = OPERATIONS.filter((each) => each.capability === capability);
    const less = cells.map((cell) => inCell(cell, operations)).filter(({ state }) => state !== 'full');
    const fullShare = 1 - less.reduce((sum, { cell }) => sum + shareOf(cell, view.topology), 0);
    return { capability, fullShare: Math.max(0, fullShare), less };
  });
}

/** Empty when all is in full for everybody. */
export function capabilityLines(views: readonly CapabilityView[], { yellow, red }: Colours): readonly string[] {
  const less = views.filter((each) => each.less.length > 0);
  if (less.length === 0) return [];
  const rows = less.map(({ capability, fullShare, less: cells }) => {
    const wheres = cells.map(({ cell, state, by }) => {
      const text = `${state} in ${cell}${by.length === 0 ? '' : ` (${by.join(', ')})`}`;
      return state === 'reduced' ? yellow(text) : red(text);
    });
    return [capability, `in full for ${Math.round(fullShare * 100)} % of the tenants`, wheres.join('; ')];
  });
  return textTable([{ title: '' }, { title: '' }, { title: '' }], rows).split('\n');
}

function inCell({ cell, active, regions }: CellSnapshot, operations: readonly Operation[]): CapabilityInCell {
  const owner = regions.find((at) => at.region === active && at.answers);
  // What is merged is taken in either region, so any of them will do.
  const merged = operations.every((operation) => operation.class === 'mergeable');
  const server = owner ?? (merged ? regions.find((at) => at.answers) : undefined);
  if (server === undefined) return { cell, state: 'away', operations: {}, by: [] };
  const { modes } = server;
  const said = modes?.operations ?? {};
  const less = operations.filter(({ name }) => said[name] !== undefined).map(({ name }) => [name, said[name] ?? '']);
  const refused = less.filter(([, grant]) => grant === 'refused').length;
  const state = less.length === 0 ? 'full' : refused === operations.length ? 'off' : refused > 0 ? 'partly' : 'reduced';
  const by = state === 'full' || modes === null ? [] : causesOf(modes, operations);
  return { cell, state, operations: Object.fromEntries(less), by };
}

function causesOf(
  { causes }: { readonly causes: Readonly<Record<string, readonly string[]>> },
  of: readonly Operation[],
) {
  return [...new Set(of.flatMap(({ name }) => causes[name] ?? []))];
}

function shareOf(cell: string, { cells }: Topology): number {
  const whole = cells.reduce((sum, { weight }) => sum + weight, 0);
  return (cells.find(({ id }) => id === cell)?.weight ?? 0) / whole;
}
