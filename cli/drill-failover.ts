/** How a drill moves cells: the platform's own coordinator, run by an operator in the region that the drill names. */
import type { FailoverRecord } from '../control/failover/failover-record.ts';
import { isPlatformError } from '../core/errors.ts';
import { cellId, type RegionName, regionName } from '../core/ids.ts';
import type { FailoverPort, Move, MoveResult } from '../drills/ports/failover-port.ts';
import type { Machine } from './failover-operator.ts';
import { Operator } from './operator.ts';
import type { OperatorReach } from './operator-reach.ts';
import type { FailoverRequest, QuarantineOperator } from './services.ts';

export interface DrillFailover extends FailoverPort {
  /** Lets go of connections. */
  close(): void;
}

/** What of an operator is needed; `open`: how one is had in a region. */
export type DrillOperator = Pick<Operator, 'decide' | 'run' | 'resume' | 'watch' | 'close'>;

export interface DrillGround {
  readonly reach: OperatorReach;
  readonly machine: Machine;
  readonly quarantine: () => Promise<QuarantineOperator>;
}

export function drillFailover(
  { reach, machine, quarantine }: DrillGround,
  open: (region: RegionName) => DrillOperator = (region) => new Operator({ reach, region, ...machine }),
): DrillFailover {
  const operators = new Map<RegionName, DrillOperator>();
  const operatorIn = (name: string): DrillOperator => {
    const region = regionName(name);
    const operator = operators.get(region) ?? open(region);
    operators.set(region, operator);
    return operator;
  };
  return {
    watch: async ({ cells, operatorRegion }) => operatorIn(operatorRegion).watch(cells.map((cell) => cellId(cell))),
    plan: (move) => operatorIn(move.operatorRegion).decide(requestOf(move)),
    run: (move) => carryOut(operatorIn(move.operatorRegion), move),
    resume: ({ cell, operatorRegion }) => resume(operatorIn(operatorRegion), cell),
    discardLeft: (of) => discardLeft(quarantine(), of),
    close: () => {
      for (const operator of operators.values()) operator.close();
    },
  };
}

function requestOf(move: Move): FailoverRequest {
  return { cell: cellId(move.cell), kind: move.kind, to: regionName(move.to), reason: 'drill' };
}

async function carryOut(operator: DrillOperator, move: Move): Promise<MoveResult> {
  try {
    return resultOf(await operator.run(await operator.decide(requestOf(move)), () => undefined));
  } catch (thrown) {
    // A refusal is an answer, which the drill judges; anything else is the drill's to report as it is.
    if (!isPlatformError(thrown) || thrown.code !== 'FAILOVER_REFUSED') throw thrown;
    return { outcome: 'refused', steps: [], decision: { refused: thrown.message, ...thrown.details } };
  }
}

async function resume(operator: DrillOperator, cell: string): Promise<'done' | 'failed' | 'nothing to resume'> {
  try {
    return resultOf(await operator.resume(cellId(cell), () => undefined)).outcome === 'done' ? 'done' : 'failed';
  } catch (thrown) {
    if (isPlatformError(thrown) && thrown.code === 'FAILOVER_REFUSED') return 'nothing to resume';
    throw thrown;
  }
}

async function discardLeft(
  opening: Promise<QuarantineOperator>,
  of: { readonly cell: string; readonly reason: string },
): Promise<readonly string[]> {
  const desk = await opening;
  const cell = cellId(of.cell);
  const discarded: string[] = [];
  for (const { id } of (await desk.list(cell, null)).rows) {
    const { standing, merge } = await desk.show(cell, id);
    const isForPerson = standing.state === 'diverged' && (merge === null || merge.kind === 'person');
    if (!isForPerson) continue;
    await desk.settle(cell, { id, wish: 'discard', reason: of.reason });
    discarded.push(id);
  }
  return discarded;
}

function resultOf(record: FailoverRecord): MoveResult {
  return { outcome: record.state === 'done' ? 'done' : 'failed', steps: stepsOf(record), decision: record };
}

export function stepsOf(record: FailoverRecord): MoveResult['steps'] {
  let endMs = 0;
  return record.log.map(({ step, tookMs, outcome }) => {
    const startMs = endMs;
    endMs += tookMs;
    return { name: step, startMs, endMs, detail: outcome };
  });
}
