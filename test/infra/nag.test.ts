/**
 * cdk-nag's AwsSolutions pack over every stack, in both directions: no finding without a reason beside the construct, and no
 * reason without its finding.
 */
import { describe, expect, test } from '@jest/globals';
import { type App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { AwsInput } from '../../core/topology-aws.ts';
import { appOf } from './templates.ts';
import { EVERYTHING, PRODUCTION } from './topologies.ts';

const REASON_CHARS_MIN = 40;
const DOMAIN: AwsInput = {
  ...PRODUCTION,
  domain: {
    name: 'shop.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000',
  },
};
const CHOICES: readonly (readonly [string, AwsInput])[] = [
  ['a sandbox', {}],
  ['a sandbox with everything', EVERYTHING],
  ['production', PRODUCTION],
  ['production with a domain', DOMAIN],
];

/** `<rule> <path>` of every finding. */
function findingsOf(app: App, pack = new AwsSolutionsChecks()): readonly string[] {
  return pack
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );
}

/** The pack, deaf to our reasons. */
function deafChecks(): AwsSolutionsChecks {
  const pack = new AwsSolutionsChecks();
  Object.defineProperty(pack, 'isAcknowledged', { value: () => false });
  return pack;
}

/** What stands in the code: path of the construct, id of the rule, reason. */
function reasonsOf(app: App): readonly { path: string; rule: string; reason: string }[] {
  return app.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>))
      .map(([id, reason]) => ({ path: node.path, rule: id.replace(/^annotation::/i, ''), reason }))
      // The CDK itself acknowledges warnings of its own constructs.
      .filter(({ rule }) => rule.startsWith('AwsSolutions-')),
  );
}

describe('cdk-nag AwsSolutions', () => {
  test.each(CHOICES)('finds nothing in %s without a reason, and whatever a reason is given for', (_what, aws) => {
    const app = appOf({ cells: 1, aws });
    expect(findingsOf(app)).toEqual([]);
    const found = findingsOf(app, deafChecks());
    const idle = reasonsOf(app).filter(
      ({ path, rule }) => !found.some((finding) => finding.startsWith(`${rule} ${path}`)),
    );
    expect(idle).toEqual([]);
    expect(found.length).toBeGreaterThan(20);
  });

  test('every reason is a sentence', () => {
    const reasons = reasonsOf(appOf({ cells: 1, aws: EVERYTHING }));
    expect(reasons.filter(({ reason }) => reason.length < REASON_CHARS_MIN || !reason.endsWith('.'))).toEqual([]);
  });
});
