/**
 * One region: its router with a public URL, the bucket that the router reads the cell map from, the publisher that writes it,
 * the probe that looks at every region from here, the sample payment provider, and the drills that AWS FIS can do here.
 */
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { CfnOutput, Fn } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  ALARM_TOPIC,
  EDGE_MAP_OUTPUT,
  GLOBAL_STACK,
  mapBucketName,
  PAYMENTS_URL_PARAMETER,
  ROUTER_DOMAIN_OUTPUT,
  regionFunctionName,
  regionStackName,
} from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import { type AlarmDesk, alarmDesk, lambdaSum, MINUTE } from '../constructs/alarms.ts';
import { EveryMinute } from '../constructs/every-minute.ts';
import { Experiments } from '../constructs/experiments.ts';
import { mapBucket } from '../constructs/map-bucket.ts';
import { PlatformFunction } from '../constructs/platform-function.ts';
import { type FunctionEnvironment, probeEnvironment, publisherEnvironment, routerEnvironment } from '../environment.ts';
import { type FunctionName, functionSpec } from '../functions.ts';
import { type PlatformProps, PlatformStack } from './platform-stack.ts';

export interface RegionStackProps extends PlatformProps {
  readonly region: RegionName;
  /** Where the global stack lies. */
  readonly globalRegion: RegionName;
}

export class RegionStack extends PlatformStack {
  readonly #props: RegionStackProps;
  readonly #edgeMapArn: string | null;

  constructor(scope: Construct, props: RegionStackProps) {
    const { region, topology, globalRegion } = props;
    super(scope, {
      ...props,
      stackName: regionStackName(region),
      description: `Holdfast: what serves all cells in ${region}`,
    });
    this.#props = props;
    const { stage, alarmEmail, faultInjection, entry } = topology.aws;
    this.#edgeMapArn = entry === 'edge' ? Fn.getStackOutput(GLOBAL_STACK, EDGE_MAP_OUTPUT, globalRegion) : null;
    const bucketName = mapBucketName(this.account, region);
    mapBucket(this, { bucketName, stage });
    const router = this.#function('router', routerEnvironment({ ...props, bucketName }));
    const publisher = this.#function(
      'publisher',
      publisherEnvironment({ region, bucketName, edgeMapArn: this.#edgeMapArn }),
    );
    const probe = this.#function('probe', probeEnvironment({ region }));
    const payments = this.#function('payments', {});
    for (const [name, { live }] of Object.entries({ publisher, probe })) {
      const ruleName = `${regionFunctionName(name)}-every-minute`;
      new EveryMinute(this, `${titled(name)}EveryMinute`, { target: live, ruleName });
    }
    new ssm.StringParameter(this, 'PaymentsUrl', {
      parameterName: PAYMENTS_URL_PARAMETER,
      description: 'Where checkouts in this region charge: replace it with your provider',
      stringValue: payments.url ?? '',
    });
    // "https://<domain>/": the third part between slashes.
    new CfnOutput(this, ROUTER_DOMAIN_OUTPUT, { value: Fn.select(2, Fn.split('/', router.url ?? '')) });
    if (alarmEmail !== null) this.#topic(alarmEmail);
    const failing = this.#alarms(alarmDesk(this, { notify: alarmEmail !== null }));
    if (faultInjection) new Experiments(this, 'Drills', { region, bucketName, stopAlarmArn: failing.alarmArn });
  }

  #function(name: FunctionName, environment: FunctionEnvironment): PlatformFunction {
    const { region, topology, bundles } = this.#props;
    const code = bundles.functions.get(name);
    if (!code) throw new RangeError(`The bundles lack ${name}.`);
    return new PlatformFunction(this, titled(name), {
      spec: functionSpec(name),
      code,
      environment,
      stage: topology.aws.stage,
      place: {
        account: this.account,
        region,
        regions: topology.regions,
        functionName: regionFunctionName(name),
        faultInjection: topology.aws.faultInjection,
        ...(this.#edgeMapArn === null ? {} : { keyValueStoreArn: this.#edgeMapArn }),
      },
    });
  }

  #topic(alarmEmail: string): void {
    const topic = new sns.Topic(this, 'Alarms', { topicName: ALARM_TOPIC, enforceSSL: true });
    topic.addSubscription(new subscriptions.EmailSubscription(alarmEmail));
  }

  /** Returns the one that says that tenants suffer. */
  #alarms(desk: AlarmDesk): cloudwatch.Alarm {
    const name = (what: string) => `${regionStackName(this.#props.region)}-${what}`;
    for (const worker of ['publisher', 'probe'] as const) {
      desk.add(`${titled(worker)}Fails`, {
        name: name(`${worker}-fails`),
        meaning: `Fails, or was not called, for 5 minutes. Routers go on with the map that they have. See the log of ${regionFunctionName(worker)}.`,
        metric: lambdaSum(regionFunctionName(worker), 'Errors'),
        threshold: 1,
        ...{ bad: 5, of: 5, silence: 'bad' as const },
      });
    }
    desk.add('Throttled', {
      name: name('throttled'),
      meaning:
        'Lambda turns calls away in this region, of whichever function: raise aws.reservedConcurrency or the quota.',
      // Without a dimension: of all functions of the account here, for the price of one metric.
      metric: new cloudwatch.Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Throttles',
        statistic: 'Sum',
        period: MINUTE,
      }),
      threshold: 1,
      ...{ bad: 3, of: 5 },
    });
    return desk.add('RouterFails', {
      name: name('router-fails'),
      meaning: 'Tenants get 5xx from this router, 5 times a minute or more, for 3 of 5 minutes. Ends a running drill.',
      metric: lambdaSum(regionFunctionName('router'), 'Url5xxCount'),
      threshold: 5,
      ...{ bad: 3, of: 5 },
    });
  }
}

const titled = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
