/** The keeper function of a cell in one region: its handler, for the schedule and as a doorbell. */
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { CADENCES } from '../../core/keeper-cadence.ts';
import type { KeeperCadence } from '../../core/topology-aws.ts';
import { required } from '../cell-config.ts';
import { parseServiceUrls } from './address-book.ts';
import { metricsLine } from './emit-metrics.ts';
import { bounded, type InvocationContext, isScheduled } from './invocation.ts';
import { keeperTurn } from './keeper-turn.ts';
import { lambdaCell } from './lambda-cell.ts';

const { env } = process;
const cell = lambdaCell(env);
const { clock, runtime } = cell.cell;
const parts = {
  cell,
  cadence: cadence(required(env, 'HOLDFAST_KEEPERS')),
  address: {
    ...runtime.identity,
    urls: parseServiceUrls(required(env, 'HOLDFAST_SERVICE_URLS')),
    release: required(env, 'HOLDFAST_RELEASE'),
  },
};

export const handler = (event: unknown, context: InvocationContext) =>
  bounded(clock, context, async (invocation) => {
    const report = await keeperTurn(parts, { ...invocation, scheduled: isScheduled(event) });
    const figures = { LeaseHeld: report.standing.held ? 1 : 0 };
    const release = env.HOLDFAST_RELEASE;
    console.log(metricsLine(runtime.identity, { atMs: clock.wallMs(), figures, release }));
    return report;
  });

function cadence(text: string): KeeperCadence {
  if (Object.hasOwn(CADENCES, text)) return text as KeeperCadence;
  throw invalid(`HOLDFAST_KEEPERS is ${shown(text)}. Allowed: ${Object.keys(CADENCES).join(', ')}.`);
}
