/**
 * The cell of one execution environment on Lambda, or that of the process whose host has started one: services don't see
 * the difference. Settings are read and clients built while the module loads; nobody is called before the first invocation.
 */
import { systemClock } from '../../core/clock.ts';
import { freezeAwareClock } from '../../core/freeze-aware-clock.ts';
import { systemRng } from '../../core/rng.ts';
import { cellConfig, type Environment } from '../cell-config.ts';
import type { CellRuntime } from '../cell-runtime.ts';
import { OnDemandCell } from '../on-demand-cell.ts';
import { openTables } from '../open-tables.ts';
import { getCellRuntime } from '../shared-runtime.ts';

export type LambdaHandler<Event, Context, Answer> = (event: Event, context: Context) => Promise<Answer>;

export interface ServiceCell {
  readonly runtime: CellRuntime;
  /** Puts what is due for the cell around each call of a handler. */
  serve<Event, Context, Answer>(handler: LambdaHandler<Event, Context, Answer>): LambdaHandler<Event, Context, Answer>;
}

/** Throws `INVALID_INPUT` for settings that are missing or make no sense: then the function fails at its deployment. */
export function lambdaCell(env: Environment, options: { readonly hearsPeer?: boolean } = {}): OnDemandCell {
  const config = cellConfig(env);
  const clock = freezeAwareClock(systemClock);
  return new OnDemandCell({ config, tables: openTables(config, clock), clock, rng: systemRng, env }, options);
}

export function serviceCell(env: Environment): ServiceCell {
  if (env.AWS_LAMBDA_FUNCTION_NAME === undefined) return { runtime: getCellRuntime(), serve: (handler) => handler };
  const cell = lambdaCell(env);
  return {
    runtime: cell.cell.runtime,
    serve: (handler) => (event, context) => cell.serve(() => handler(event, context)),
  };
}
