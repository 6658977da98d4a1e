import { describe, expect, test } from '@jest/globals';
import { ARBITER_TABLE, PAYMENTS_TABLE } from '../../core/aws-names.ts';
import { checkStorage } from './checks/storage.ts';
import { checkStrongTables } from './checks/strong-tables.ts';
import { checkConcurrency, checkTags } from './checks/upkeep.ts';
import { type Draft, type DraftResource, damaged, picked, taggable, templateOf, templatesOf } from './templates.ts';
import { EVERYTHING, PRODUCTION, topologyOf } from './topologies.ts';

const GLOBAL = 'holdfast-global';
const CELL = 'holdfast-cell-c01-us-east-1';
const REGION = 'holdfast-region-us-east-1';
const sandbox = () => templatesOf({ aws: EVERYTHING });
const production = () => templatesOf({ aws: PRODUCTION });
const STRONG = [ARBITER_TABLE, PAYMENTS_TABLE];

describe('the arbiter and the book of payments', () => {
  test.each([
    ['sandbox', sandbox],
    ['production', production],
  ])(
    'are strongly consistent over two replicas and a witness elsewhere, and delete nothing by time (%s)',
    (_stage, of) => {
      expect(checkStrongTables(templateOf(of(), GLOBAL), STRONG)).toEqual([]);
    },
  );

  const damages: readonly (readonly [string, (table: DraftResource['Properties']) => void])[] = [
    ['has a witness where it has a replica', (it) => (it.GlobalTableWitnesses = [{ Region: 'us-west-2' }])],
    ['has 0 witnesses', (it) => (it.GlobalTableWitnesses = undefined)],
    ['is not strongly consistent over its regions', (it) => (it.MultiRegionConsistency = 'EVENTUAL')],
    ['deletes by time', (it) => (it.TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true })],
    ['has a local index', (it) => (it.LocalSecondaryIndexes = [{}])],
    ['has replicas in us-east-1', (it) => (it.Replicas = [{ Region: 'us-east-1' }])],
    [
      'has an index',
      (it) => (it.Replicas = [{ Region: 'us-east-1', GlobalSecondaryIndexes: [{}] }, { Region: 'us-west-2' }]),
    ],
    ['costs money while idle', (it) => (it.BillingMode = 'PROVISIONED')],
  ];
  test.each(damages)('a table that %s is found', (finding, damage) => {
    const broken = damaged(sandbox(), GLOBAL, (template) =>
      damage(picked(template, 'AWS::DynamoDB::GlobalTable').Properties),
    );
    expect(checkStrongTables(templateOf(broken, GLOBAL), STRONG)).toContain(`${ARBITER_TABLE}: ${finding}`);
  });

  test('one that is not there is found', () => {
    expect(checkStrongTables({ Resources: {} }, STRONG)).toEqual([
      `${ARBITER_TABLE}: is not there`,
      `${PAYMENTS_TABLE}: is not there`,
    ]);
  });
});

describe('tables, queues, buckets and logs', () => {
  test('of a sandbox are encrypted, bounded, and gone after a destroy', () => {
    expect(checkStorage(sandbox(), 'sandbox')).toEqual([]);
  });

  test('of production are encrypted, bounded, and kept', () => {
    expect(checkStorage(production(), 'production')).toEqual([]);
  });

  test('what fits one stage does not fit the other', () => {
    expect(checkStorage(sandbox(), 'production').length).toBeGreaterThan(20);
    expect(checkStorage(production(), 'sandbox').length).toBeGreaterThan(20);
  });

  const drop = (type: string, key: string) => (template: Draft) => {
    picked(template, type).Properties[key] = undefined;
  };
  const remove = (type: string) => (template: Draft) => {
    template.Resources = Object.fromEntries(Object.entries(template.Resources).filter(([, { Type }]) => Type !== type));
  };
  const damages: readonly (readonly [string, string, (template: Draft) => void])[] = [
    ['can not be brought back', CELL, drop('AWS::DynamoDB::Table', 'PointInTimeRecoverySpecification')],
    [
      'a key of a customer costs money',
      CELL,
      (template) => {
        picked(template, 'AWS::DynamoDB::Table').Properties.SSESpecification = { SSEEnabled: true };
      },
    ],
    [
      'deletion protection does not fit the stage',
      CELL,
      (template) => {
        picked(template, 'AWS::DynamoDB::Table').Properties.DeletionProtectionEnabled = true;
      },
    ],
    ['is not encrypted', CELL, drop('AWS::SQS::Queue', 'SqsManagedSseEnabled')],
    ['does not say how long it keeps', CELL, drop('AWS::SQS::Queue', 'MessageRetentionPeriod')],
    ['keeps logs for ever', CELL, drop('AWS::Logs::LogGroup', 'RetentionInDays')],
    ['has no log group of its own', CELL, remove('AWS::Logs::LogGroup')],
    ['is not encrypted', REGION, drop('AWS::S3::Bucket', 'BucketEncryption')],
    [
      'Retain at its end does not fit stage sandbox',
      CELL,
      (template) => {
        picked(template, 'AWS::Logs::LogGroup').DeletionPolicy = 'Retain';
      },
    ],
    ['may be made public', REGION, drop('AWS::S3::Bucket', 'PublicAccessBlockConfiguration')],
    ['keeps old versions for ever', REGION, drop('AWS::S3::Bucket', 'LifecycleConfiguration')],
    ['is not emptied before it goes', REGION, remove('Custom::S3AutoDeleteObjects')],
    [
      'Retain at its end does not fit stage sandbox',
      REGION,
      (template) => {
        picked(template, 'AWS::S3::Bucket').DeletionPolicy = 'Retain';
      },
    ],
  ];
  test.each(damages)('one that %s is found (%s)', (finding, stack, damage) => {
    expect(checkStorage(damaged(sandbox(), stack, damage), 'sandbox').join('\n')).toContain(finding);
  });
});

describe('tags and concurrency', () => {
  test('everything that can carry tags says its cell, region, release and stage', () => {
    expect(checkTags(sandbox(), taggable({ aws: EVERYTHING }))).toEqual([]);
  });

  test('a resource without a tag is found', () => {
    const broken = damaged(sandbox(), CELL, (template) => {
      picked(template, 'AWS::SQS::Queue').Properties.Tags = [{ Key: 'holdfast:cell', Value: 'c01' }];
    });
    expect(checkTags(broken, taggable({ aws: EVERYTHING })).join('\n')).toContain('has no tag holdfast:release');
  });

  test('the cells of a region reserve no more than the account has', () => {
    const { accountConcurrency } = topologyOf({ aws: EVERYTHING }).aws;
    expect(checkConcurrency(sandbox(), accountConcurrency)).toEqual([]);
    const broken = damaged(sandbox(), CELL, (template) => {
      picked(template, 'AWS::Lambda::Function').Properties.ReservedConcurrentExecutions = 41;
    });
    expect(checkConcurrency(broken, accountConcurrency)).toEqual(['us-east-1: reserves 91 of 60']);
  });
});
