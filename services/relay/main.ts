/**
 * Composition root of the relay function: outbox and reconciliation of one cell, with the handlers and conflict rules of every
 * service. Called by a schedule, and by an operator with an order to settle a quarantined commit.
 */
import { metricsLine } from '../../cell/functions/emit-metrics.ts';
import { bounded, type InvocationContext } from '../../cell/functions/invocation.ts';
import { lambdaCell } from '../../cell/functions/lambda-cell.ts';
import { relayTurn } from '../../cell/functions/relay-turn.ts';
import { answerSettle, settleOrderOf } from '../../cell/reconcile/settle-order.ts';
import { createCartApp } from '../cart/app.ts';
import { createCatalogApp } from '../catalog/app.ts';
import { createCheckoutApp } from '../checkout/app.ts';
import { openPayments } from '../checkout/open-payments.ts';

const cell = lambdaCell(process.env);
const { clock, runtime } = cell.cell;
// Each registers what it has with the runtime as it is made.
createCartApp(runtime);
createCatalogApp(runtime);
createCheckoutApp(runtime, openPayments(runtime, process.env));

export const handler = (event: unknown, context: InvocationContext) =>
  bounded(clock, context, async (invocation) => {
    const order = settleOrderOf(event);
    if (order) return cell.serve(() => answerSettle(cell.cell.quarantine, order));
    const report = await relayTurn(cell, invocation);
    const figures = { OutboxWaiting: report.waiting, Reconciled: report.settled };
    console.log(metricsLine(runtime.identity, { atMs: clock.wallMs(), figures }));
    return report;
  });
