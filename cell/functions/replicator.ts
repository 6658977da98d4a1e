/** The replicator function of a cell in one region: its handler, for the table's stream and for the schedule. */
import { toPlatformError } from '../../core/errors.ts';
import type { Poisoned } from '../replication/drain-journal.ts';
import { type CellFigures, metricsLine } from './emit-metrics.ts';
import { bounded, type InvocationContext } from './invocation.ts';
import { lambdaCell } from './lambda-cell.ts';
import { replicationTrouble, replicatorTurn } from './replicator-turn.ts';
import { isStreamEvent, shipBatch } from './stream-batch.ts';

const cell = lambdaCell(process.env, { hearsPeer: true });
const { clock, runtime } = cell.cell;

export const handler = (event: unknown, context: InvocationContext) =>
  bounded(clock, context, async (invocation) => {
    if (isStreamEvent(event)) {
      const { answer, poisoned } = await shipBatch(cell, event.Records, invocation);
      if (poisoned.length > 0) tell(poisoned, { PoisonedEntries: poisoned.length });
      return answer;
    }
    const report = await replicatorTurn(cell, invocation);
    tell(report.poisoned, { ReplicationLag: report.lagMs, PoisonedEntries: report.poisoned.length });
    const trouble = replicationTrouble(report);
    if (trouble !== null) throw trouble;
    return { ...report, poisoned: report.poisoned.length };
  });

/** The names of entries and what was wrong; never what is in them. */
function tell(poisoned: readonly Poisoned[], figures: CellFigures): void {
  const release = process.env.HOLDFAST_RELEASE;
  console.log(metricsLine(runtime.identity, { atMs: clock.wallMs(), figures, release }));
  for (const { commit, error } of poisoned) {
    const { aggregate, epoch, version } = commit;
    const { code, message } = toPlatformError(error);
    console.error(
      JSON.stringify({ level: 'error', what: 'poisoned journal entry', aggregate, epoch, version, code, message }),
    );
  }
}
