/**
 * The cell of one execution environment on Lambda, or that of the process whose host has started one: services don't see
 * the difference. Settings are read and clients built while the module loads; nobody is called before the first invocation.
 */
import { systemClock } from '../../core/clock.ts';
import { freezeAwareClock } from '../../core/freeze-aware-clock.ts';
import { systemRng } from '../../core/rng.ts';
import { KeptFile } from '../../resilience/kept-file.ts';
import { cellConfig, type Environment } from '../cell-config.ts';
import type { CellRuntime } from '../cell-runtime.ts';
import { OnDemandCell } from '../on-demand-cell.ts';
import { openTables } from '../open-tables.ts';
import { getCellRuntime } from '../shared-runtime.ts';
import { type DocumentsTold, isDocumentsErrand, tellDocuments } from './documents-errand.ts';

export type LambdaHandler<Event, Context, Answer> = (event: Event, context: Context) => Promise<Answer>;

export interface LambdaCellOptions {
  readonly hearsPeer?: boolean;
  /** Where documents are kept. Absent: this function obeys none, and asks for none. */
  readonly documentsPath?: string;
}

/** The only folder that a function may write to; it is gone with the execution environment. */
const DOCUMENTS_PATH = '/tmp/holdfast-documents.json';

export interface ServiceCell {
  readonly runtime: CellRuntime;
  /** Puts what is due for the cell around each call of a handler; an operator's errand is answered without it. */
  serve<Event, Context, Answer>(
    handler: LambdaHandler<Event, Context, Answer>,
  ): LambdaHandler<Event, Context, Answer | DocumentsTold>;
}

/** Throws `INVALID_INPUT` for settings that are missing or make no sense: then the function fails at its deployment. */
export function lambdaCell(env: Environment, options: LambdaCellOptions = {}): OnDemandCell {
  const config = cellConfig(env);
  const clock = freezeAwareClock(systemClock);
  const documents = options.documentsPath && new KeptFile({ clock, path: options.documentsPath });
  const parts = { config, tables: openTables(config, clock), clock, rng: systemRng, env, log: console.log };
  return new OnDemandCell({ ...parts, ...(documents ? { documents } : {}) }, options);
}

export function serviceCell(env: Environment): ServiceCell {
  if (env.AWS_LAMBDA_FUNCTION_NAME === undefined) return { runtime: getCellRuntime(), serve: (handler) => handler };
  const cell = lambdaCell(env, { documentsPath: DOCUMENTS_PATH });
  return {
    runtime: cell.cell.runtime,
    serve: (handler) => async (event, context) =>
      isDocumentsErrand(event) ? tellDocuments(cell) : cell.serve(() => handler(event, context)),
  };
}
