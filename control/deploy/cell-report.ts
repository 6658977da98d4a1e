/**
 * In which state a deployment leaves each cell, in words and as data: a run that stopped half-way must not leave anybody
 * guessing which cells serve what.
 */
import type { CellId, RegionName } from '../../core/ids.ts';
import type { CellStep } from './deploy-plan.ts';
import type { StepOutcome } from './run-deploy.ts';
import { type StackState, standingOf } from './stack-standing.ts';
import type { Stacks } from './stacks.ts';

export interface CellReport {
  readonly cell: CellId;
  readonly wave: number;
  readonly regions: readonly RegionReport[];
}

export interface RegionReport {
  readonly region: RegionName;
  readonly role: CellStep['role'];
  readonly standing: 'deployed' | 'as-before' | 'nothing' | 'broken' | 'moving' | 'not-known';
  readonly status: string | null;
  /** Of what serves there now. */
  readonly release: string | null;
  readonly text: string;
}

/** Asks for the stacks that this run did not bring to the end; one that can't be seen is reported as not known. */
export async function reportCells(
  outcomes: readonly StepOutcome[],
  stacks: Pick<Stacks, 'state'>,
): Promise<readonly CellReport[]> {
  const cells = new Map<CellId, { readonly wave: number; readonly regions: RegionReport[] }>();
  for (const outcome of outcomes) {
    const { step } = outcome;
    if (step.layer !== 'cell') continue;
    const cell = cells.get(step.cell) ?? { wave: step.wave, regions: [] };
    cells.set(step.cell, cell);
    const state = await stacks.state(step).catch(() => null);
    cell.regions.push({ region: step.region, role: step.role, ...regionReport(outcome, state) });
  }
  return [...cells].map(([cell, { wave, regions }]) => ({ cell, wave, regions }));
}

type Seen = Omit<RegionReport, 'region' | 'role'>;

function regionReport({ result }: StepOutcome, state: StackState | null): Seen {
  if (!state) return seen('not-known', { state, text: 'not known: CloudFormation does not answer' });
  const release = state.release ? ` (release ${state.release})` : '';
  switch (standingOf(state)) {
    case 'absent':
      return seen('nothing', { state, text: 'not there yet' });
    case 'serving':
      if (result === 'not-started')
        return seen('as-before', { state, text: `untouched, serves what it did${release}` });
      if (result === 'failed' || result === 'unknown')
        return seen('as-before', { state, text: `rolled back, serves what it did${release}` });
      return seen('deployed', { state, text: `up to date${release}` });
    case 'moving':
      return seen('moving', { state, text: `CloudFormation is still at it (${state.status})` });
    case 'stillborn':
      return seen('broken', { state, text: `its creation failed, nothing serves there (${state.status})` });
    case 'stuck':
      return seen('broken', {
        state,
        text: `serves what it did before, and takes no update until it is rolled back (${state.status})`,
      });
    case 'half-deleted':
      return seen('broken', { state, text: `half deleted (${state.status})` });
    case 'unknown':
      return seen('not-known', { state, text: `in a state that this version does not know (${state.status})` });
  }
}

function seen(
  standing: Seen['standing'],
  { state, text }: { readonly state: StackState | null; readonly text: string },
): Seen {
  return { standing, text, status: state?.status ?? null, release: state?.release ?? null };
}
