/**
 * Calls a function once a minute, and leaves it at that: a call that failed is not repeated, because the next one comes anyway
 * and a late one would do the same work beside it.
 */
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

const EVERY = Duration.minutes(1);

export class EveryMinute extends Construct {
  constructor(scope: Construct, id: string, { target, ruleName }: { target: lambda.Alias; ruleName: string }) {
    super(scope, id);
    new events.Rule(this, 'Rule', {
      ruleName,
      schedule: events.Schedule.rate(EVERY),
      targets: [new targets.LambdaFunction(target, { retryAttempts: 0, maxEventAge: EVERY })],
    });
    new lambda.EventInvokeConfig(this, 'Calls', {
      function: target.lambda,
      qualifier: target.aliasName,
      retryAttempts: 0,
      maxEventAge: EVERY,
    });
  }
}
