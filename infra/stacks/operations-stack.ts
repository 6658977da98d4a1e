/**
 * For those who operate it: one dashboard over all cells and regions, and a budget that warns. One dashboard with a selector
 * instead of one for each cell: a dashboard costs 3 USD a month.
 */
import * as budgets from 'aws-cdk-lib/aws-budgets';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { OPERATIONS_STACK } from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import { operationsDashboard } from '../constructs/operations-dashboard.ts';
import { type PlatformProps, PlatformStack } from './platform-stack.ts';

const WARNINGS_PERCENT = [80, 100];

export class OperationsStack extends PlatformStack {
  constructor(scope: Construct, props: PlatformProps & { readonly region: RegionName }) {
    super(scope, { ...props, stackName: OPERATIONS_STACK, description: 'Holdfast: dashboard and budget' });
    const { topology } = props;
    new cloudwatch.CfnDashboard(this, 'Dashboard', {
      dashboardName: 'holdfast',
      dashboardBody: JSON.stringify(operationsDashboard(topology)),
    });
    const { budgetUsdPerMonth, alarmEmail } = topology.aws;
    const subscribers = alarmEmail === null ? [] : [{ address: alarmEmail, subscriptionType: 'EMAIL' }];
    new budgets.CfnBudget(this, 'Budget', {
      budget: {
        budgetName: 'holdfast',
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        // Of the account: cost by tags is only known where somebody has activated the tags for billing.
        budgetLimit: { amount: budgetUsdPerMonth, unit: 'USD' },
      },
      // A notification without somebody to notify is refused; the budget shows in the console anyway.
      ...(subscribers.length === 0
        ? {}
        : {
            notificationsWithSubscribers: WARNINGS_PERCENT.map((threshold) => ({
              notification: { notificationType: 'ACTUAL', comparisonOperator: 'GREATER_THAN', threshold },
              subscribers,
            })),
          }),
    });
  }
}
