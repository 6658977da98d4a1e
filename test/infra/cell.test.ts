import { describe, expect, test } from '@jest/globals';
import { cellStackName } from '../../core/aws-names.ts';
import { checkCell } from './checks/cell.ts';
import { type Draft, type DraftResource, damaged, picked, templateOf, templatesOf } from './templates.ts';
import { EVERYTHING, PRODUCTION, topologyOf } from './topologies.ts';

const STACKS = topologyOf({}).cells.flatMap(({ id, home, standby }) =>
  [home, standby].map((region) => cellStackName(id, region)),
);
const CELL = cellStackName('c01', 'us-east-1');

describe('the functions of a cell', () => {
  test.each([
    ['a sandbox with everything', EVERYTHING],
    ['a sandbox', {}],
    ['production', PRODUCTION],
  ])('are bounded, closed to strangers, rung and called by the minute: %s', (_what, aws) => {
    const templates = templatesOf({ aws });
    expect(STACKS.flatMap((stack) => checkCell(templateOf(templates, stack)))).toEqual([]);
  });

  type Properties = DraftResource['Properties'];
  const of = (type: string, idBegins: string, damage: (properties: Properties) => void) => (template: Draft) =>
    damage(picked(template, `AWS::${type}`, idBegins).Properties);
  const doorbell = (damage: (properties: Properties) => void) => of('Lambda::EventSourceMapping', '', damage);
  const damages: readonly (readonly [string, (template: Draft) => void])[] = [
    [
      'cart: no concurrency is reserved',
      of('Lambda::Function', 'Cart', (it) => delete it.ReservedConcurrentExecutions),
    ],
    ['cart: anybody may call its URL', of('Lambda::Url', 'Cart', (it) => (it.AuthType = 'NONE'))],
    ['cart: its URL is not that of the alias', of('Lambda::Url', 'Cart', (it) => delete it.Qualifier)],
    ['doorbell: one bad record takes its batch along', doorbell((it) => (it.BisectBatchOnFunctionError = false))],
    ['doorbell: it tries for ever', doorbell((it) => (it.MaximumRetryAttempts = -1))],
    ['doorbell: it rings for what is long past', doorbell((it) => delete it.MaximumRecordAgeInSeconds)],
    ['doorbell: nobody is told what it gave up', doorbell((it) => delete it.DestinationConfig)],
    ['doorbell: it repeats what was done', doorbell((it) => (it.FunctionResponseTypes = []))],
    ['doorbell: it misses what was written', doorbell((it) => (it.StartingPosition = 'LATEST'))],
    ['doorbell: it does not ring the replicator', doorbell((it) => (it.FunctionName = 'holdfast-c01-relay:live'))],
    ['replicator: nobody calls it by the minute', of('Events::Rule', 'Replicator', (it) => (it.State = 'DISABLED'))],
    [
      'keeper: nobody calls it by the minute',
      of('Events::Rule', 'Keeper', (it) => (it.ScheduleExpression = 'rate(1 hour)')),
    ],
    ['relay: nobody calls it by the minute', of('Events::Rule', 'Relay', (it) => (it.Targets = []))],
  ];
  test.each(damages)('with the finding "%s" are found', (finding, damage) => {
    expect(checkCell(templateOf(damaged(templatesOf({ aws: EVERYTHING }), CELL, damage), CELL)).join('\n')).toContain(
      finding,
    );
  });
});
