/**
 * Composition root of the relay function: outbox and reconciliation of one cell, with the handlers and conflict rules of the
 * services, and without their routes. Called by a schedule, and by an operator with an order to settle a quarantined commit.
 */
import { metricsLine } from '../../cell/functions/emit-metrics.ts';
import { bounded, type InvocationContext } from '../../cell/functions/invocation.ts';
import { lambdaCell } from '../../cell/functions/lambda-cell.ts';
import { relayTurn } from '../../cell/functions/relay-turn.ts';
import { answerSettle, settleOrderOf } from '../../cell/reconcile/settle-order.ts';
import { openCheckout } from '../checkout/open-checkout.ts';
import { openPayments } from '../checkout/open-payments.ts';

const cell = lambdaCell(process.env);
const { clock, runtime } = cell.cell;
// The only service with messages and conflict rules; what is merged by itself needs neither.
openCheckout(runtime, openPayments(runtime, process.env));

export const handler = (event: unknown, context: InvocationContext) =>
  bounded(clock, context, async (invocation) => {
    const order = settleOrderOf(event);
    if (order) return cell.serve(() => answerSettle(cell.cell.quarantine, order));
    const report = await relayTurn(cell, invocation);
    const figures = { OutboxWaiting: report.waiting, Reconciled: report.settled };
    const release = process.env.HOLDFAST_RELEASE;
    console.log(metricsLine(runtime.identity, { atMs: clock.wallMs(), figures, release }));
    return report;
  });
