/**
 * One cell in one region, whole: its table, its services, and those who keep its lease, its replication and its messages
 * going. It names nothing that another cell's stack makes, so it is deployed, broken and destroyed alone.
 */
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import {
  cellFunctionName,
  cellStackName,
  cellTableName,
  PAYMENTS_URL_PARAMETER,
  peerOf,
} from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import type { CellSpec } from '../../core/topology.ts';
import { SERVICES } from '../../core/topology-aws.ts';
import { alarmDesk, cellSum, lambdaSum } from '../constructs/alarms.ts';
import { CellTable } from '../constructs/cell-table.ts';
import { deadLetters } from '../constructs/dead-letters.ts';
import { EveryMinute } from '../constructs/every-minute.ts';
import { PlatformFunction } from '../constructs/platform-function.ts';
import { cellEnvironment, keeperEnvironment } from '../environment.ts';
import { type FunctionName, functionSpec } from '../functions.ts';
import { type PlatformProps, PlatformStack } from './platform-stack.ts';

export interface CellStackProps extends PlatformProps {
  readonly cell: CellSpec;
  readonly region: RegionName;
}

/** A doorbell that can't be delivered within this is none: the sweep came by in the meantime. */
const DOORBELL_AGE = Duration.minutes(10);
const DOORBELL_RETRIES = 3;
const DOORBELL_BATCH_MAX = 100;

export class CellStack extends PlatformStack {
  readonly #props: CellStackProps;
  readonly #table: CellTable;
  readonly #deadLettersArn: string;

  constructor(scope: Construct, props: CellStackProps) {
    const { cell, region, topology } = props;
    const stackName = cellStackName(cell.id, region);
    const part = region === cell.home ? 'home' : 'standby';
    super(scope, {
      ...props,
      stackName,
      description: `Holdfast: cell ${cell.id} in its ${part} region`,
      cell: cell.id,
    });
    this.#props = props;
    const { stage, reservedConcurrency } = topology.aws;
    this.#table = new CellTable(this, 'Store', { tableName: cellTableName(cell.id), stage });
    const queue = deadLetters(this, { queueName: `holdfast-${cell.id}-undelivered`, stage });
    this.#deadLettersArn = queue.queueArn;
    const services = SERVICES.map((name) => this.#function(name, { reservedConcurrency: reservedConcurrency[name] }));
    const urls = Object.fromEntries(SERVICES.map((name, index) => [name, services[index]?.url ?? '']));
    const keeper = this.#function('keeper', {
      environment: keeperEnvironment({ topology, serviceUrls: Stack.of(this).toJsonString(urls) }),
    });
    const replicator = this.#function('replicator');
    const relay = this.#function('relay');
    this.#ringOnJournal(replicator);
    for (const [name, { live }] of Object.entries({ keeper, replicator, relay })) {
      const ruleName = `${cellFunctionName(cell.id, name)}-every-minute`;
      new EveryMinute(this, `${titled(name)}EveryMinute`, { target: live, ruleName });
    }
    this.#alarms();
  }

  #function(
    name: FunctionName,
    more: { reservedConcurrency?: number; environment?: Readonly<Record<string, string>> } = {},
  ): PlatformFunction {
    const { cell, region, topology, bundles } = this.#props;
    const spec = functionSpec(name);
    const code = bundles.functions.get(name);
    if (!code) throw new RangeError(`The bundles lack ${name}.`);
    return new PlatformFunction(this, titled(name), {
      spec,
      code,
      stage: topology.aws.stage,
      wave: topology.waves.findIndex((wave) => wave.includes(cell.id)) + 1,
      environment: {
        ...cellEnvironment({ topology, cell, region, release: bundles.release }),
        ...(spec.others.includes('call-payments') ? { PAYMENTS_URL: `{{resolve:ssm:${PAYMENTS_URL_PARAMETER}}}` } : {}),
        ...more.environment,
      },
      place: {
        account: this.account,
        region,
        regions: topology.regions,
        cell: { id: cell.id, peer: peerOf(cell, region) },
        functionName: cellFunctionName(cell.id, name),
        streamArn: this.#table.streamArn,
        deadLettersArn: this.#deadLettersArn,
        faultInjection: topology.aws.faultInjection,
      },
      ...(more.reservedConcurrency ? { reservedConcurrency: more.reservedConcurrency } : {}),
    });
  }

  /** The stream is only the doorbell: it rings for new entries of the journal, and what it can't deliver a sweep finds. */
  #ringOnJournal(replicator: PlatformFunction): void {
    const deadLettersArn = this.#deadLettersArn;
    new lambda.EventSourceMapping(this, 'Doorbell', {
      target: replicator.live,
      eventSourceArn: this.#table.streamArn,
      startingPosition: lambda.StartingPosition.TRIM_HORIZON,
      batchSize: DOORBELL_BATCH_MAX,
      bisectBatchOnError: true,
      retryAttempts: DOORBELL_RETRIES,
      maxRecordAge: DOORBELL_AGE,
      reportBatchItemFailures: true,
      onFailure: { bind: () => ({ destination: deadLettersArn }) },
      filters: [
        lambda.FilterCriteria.filter({
          eventName: lambda.FilterRule.isEqual('INSERT'),
          dynamodb: { Keys: { pk: { S: lambda.FilterRule.beginsWith('JOURNAL#') } } },
        }),
      ],
    });
  }

  /** Five, of one metric each, and none on the queue: what lies there has made the replicator fail already. */
  #alarms(): void {
    const { cell, region, topology } = this.#props;
    const desk = alarmDesk(this, { notify: topology.aws.alarmEmail !== null });
    const name = (what: string) => `${cellStackName(cell.id, region)}-${what}`;
    const runs = (worker: 'keeper' | 'replicator' | 'relay', meaning: string) =>
      desk.add(`${titled(worker)}Fails`, {
        name: name(`${worker}-fails`),
        meaning,
        metric: lambdaSum(cellFunctionName(cell.id, worker), 'Errors'),
        threshold: 1,
        ...{ bad: 3, of: 3, silence: 'bad' as const },
      });
    runs(
      'keeper',
      'Fails, or was not called, for 3 minutes: the lease runs out, and the peer may take the cell. See its log.',
    );
    runs(
      'replicator',
      'Fails, was not called, or could not bring everything to the peer, for 3 minutes: commits stay here alone. See its log; the journal keeps them.',
    );
    runs(
      'relay',
      'Fails, or was not called, for 3 minutes: orders wait for their payment. See its log; the outbox keeps them.',
    );
    desk.add('Fails', {
      name: name('fails'),
      meaning:
        'Tenants of the cell get 5xx from the router of this region, 5 times a minute or more, for 3 of 5 minutes. "holdfast status --target aws" says who owns the cell.',
      metric: cellSum('CellFailed', { cell: cell.id, region }),
      threshold: 5,
      ...{ bad: 3, of: 5 },
    });
    desk.add('Unreachable', {
      name: name('unreachable'),
      meaning:
        'The probe of this region gets no answer from the cell through the router of the other one, for 3 of 5 minutes. "holdfast status --target aws" says who owns the cell.',
      // The cell is asked where it is active, whichever router asks.
      metric: cellSum('ProbeFailed', { cell: cell.id, region: peerOf(cell, region) }),
      threshold: 1,
      ...{ bad: 3, of: 5 },
    });
  }
}

const titled = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
