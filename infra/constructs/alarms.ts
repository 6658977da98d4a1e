/**
 * Alarms as all of them are made: the action by the topic's name, and absent data judged in place. Each metric of an alarm
 * costs 0.10 USD a month whether or not anything happens, so there are few, and each is about something a person must do.
 */

import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { ALARM_TOPIC, METRICS_NAMESPACE } from '../../core/aws-names.ts';

export const MINUTE = Duration.minutes(1);

export interface AlarmProps {
  readonly name: string;
  /** What it means, and what to do about it. */
  readonly meaning: string;
  readonly metric: cloudwatch.IMetric;
  readonly threshold: number;
  /** Default: the threshold is already too much. */
  readonly comparison?: cloudwatch.ComparisonOperator;
  /** How many of how many periods must be bad. */
  readonly bad: number;
  readonly of: number;
  /** `bad`: who says nothing does not work. Default `good`: nothing happened, so nothing went wrong. */
  readonly silence?: 'good' | 'bad';
}

export interface AlarmDesk {
  add(id: string, props: AlarmProps): cloudwatch.Alarm;
}

/** Where alarms of one stack are made. `notify`: somebody is subscribed to the region's topic. */
export function alarmDesk(scope: Construct, { notify }: { readonly notify: boolean }): AlarmDesk {
  const { region, account } = Stack.of(scope);
  // The topic belongs to the region's stack; by its name no cell depends on that stack.
  const topic = notify
    ? sns.Topic.fromTopicArn(scope, 'Topic', `arn:aws:sns:${region}:${account}:${ALARM_TOPIC}`)
    : null;
  return {
    add: (id, props) => {
      const alarm = new cloudwatch.Alarm(scope, id, {
        alarmName: props.name,
        alarmDescription: props.meaning,
        metric: props.metric,
        threshold: props.threshold,
        comparisonOperator: props.comparison ?? cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: props.of,
        datapointsToAlarm: props.bad,
        treatMissingData:
          props.silence === 'bad' ? cloudwatch.TreatMissingData.BREACHING : cloudwatch.TreatMissingData.NOT_BREACHING,
      });
      if (topic) {
        alarm.addAlarmAction(new actions.SnsAction(topic));
        alarm.addOkAction(new actions.SnsAction(topic));
      }
      return alarm;
    },
  };
}

/** A metric that Lambda itself reports for one function, summed over a minute. */
export function lambdaSum(functionName: string, metricName: string): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: 'AWS/Lambda',
    metricName,
    dimensionsMap: { FunctionName: functionName },
    statistic: 'Sum',
    period: MINUTE,
  });
}

/** What our own code counts of a cell, as it sends it: only while there is something to count, so that silence costs nothing. */
export function cellSum(
  metricName: 'CellFailed' | 'ProbeFailed',
  of: { cell: string; region: string },
): cloudwatch.Metric {
  const { cell, region } = of;
  const at = { namespace: METRICS_NAMESPACE, dimensionsMap: { cell, region } };
  return new cloudwatch.Metric({ ...at, metricName, statistic: 'Sum', period: MINUTE });
}
