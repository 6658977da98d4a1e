/**
 * Which stacks the platform consists of on AWS, and in which order they change, as data: what is shared first, then cell
 * after cell in the waves of the topology, then the door to them and what watches them. The region that stands by changes before the one
 * that serves at home, so that a release that can't be deployed is found where nobody is served. A removal goes backwards.
 */
import {
  cellStackName,
  ENTRY_STACK,
  GLOBAL_STACK,
  OPERATIONS_STACK,
  PREFIX,
  regionStackName,
} from '../../core/aws-names.ts';
import { invalid, invariant } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';

interface Place {
  /** Name of the CloudFormation stack; the same in the synthesised app. */
  readonly stack: string;
  readonly region: RegionName;
}

export type DeployStep =
  | (Place & { readonly layer: 'global' | 'region' | 'entry' | 'operations' })
  | (Place & {
      readonly layer: 'cell';
      readonly cell: CellId;
      /** From 1. */
      readonly wave: number;
      readonly role: 'standby' | 'home';
    });

export type CellStep = Extract<DeployStep, { layer: 'cell' }>;

/** Every name begins with it; what else does in the account is either ours or in the way. */
export const STACK_PREFIX = `${PREFIX}-`;

export function planDeploy(topology: Topology): readonly DeployStep[] {
  const [first] = topology.regions;
  invariant(first !== undefined, 'a topology has a region');
  return [
    { layer: 'global', stack: GLOBAL_STACK, region: first },
    ...topology.regions.map((region) => ({ layer: 'region' as const, stack: regionStackName(region), region })),
    ...topology.waves.flatMap((cells, index) =>
      cells.flatMap((cell) => cellSteps(topology, { cell, wave: index + 1 })),
    ),
    { layer: 'entry', stack: ENTRY_STACK, region: first },
    { layer: 'operations', stack: OPERATIONS_STACK, region: first },
  ];
}

export interface Selection {
  readonly cell: string | null;
  readonly region: string | null;
}

/** Everything, or one cell, or one cell in one region. Throws `INVALID_INPUT` with the names that there are. */
export function selectSteps(steps: readonly DeployStep[], { cell, region }: Selection): readonly DeployStep[] {
  if (cell === null && region === null) return steps;
  if (cell === null)
    throw invalid(
      '--region goes with --cell: without a cell the whole platform is meant. Add --cell, or leave --region out.',
    );
  const cells = steps.filter((step): step is CellStep => step.layer === 'cell');
  const ofCell = cells.filter((step) => step.cell === cell);
  if (ofCell.length === 0)
    throw invalid(`There is no cell ${cell}. Allowed: ${unique(cells.map((step) => step.cell))}.`);
  const chosen = ofCell.filter((step) => region === null || step.region === region);
  if (chosen.length > 0) return chosen;
  throw invalid(`Cell ${cell} has no region ${region}. Allowed: ${unique(ofCell.map((step) => step.region))}.`);
}

function cellSteps(
  topology: Topology,
  { cell, wave }: { readonly cell: CellId; readonly wave: number },
): readonly CellStep[] {
  const spec = topology.cells.find(({ id }) => id === cell);
  invariant(spec !== undefined, `the cell ${cell} of a wave stands in the topology`);
  const step = (role: CellStep['role']): CellStep => {
    const region = spec[role];
    return { layer: 'cell', stack: cellStackName(cell, region), region, cell, wave, role };
  };
  return [step('standby'), step('home')];
}

function unique(names: readonly string[]): string {
  return [...new Set(names)].join(', ');
}
