/**
 * Makes templates in a process of its own, under CloudFormation's rules as the app has them and cdk-nag's as a plugin of it, all as
 * errors: the engine of those rules does not start inside jest. Its argument is a list of `RuledSynth`; it prints one line of
 * JSON, for each what was refused, or `null`.
 */
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import { CfnResource, Stack, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { AwsInput } from '../../core/topology-aws.ts';
import { buildApp } from '../../infra/app.ts';
import { plainBundles } from './plain-bundles.ts';
import { topologyOf } from './topologies.ts';

export interface RuledSynth {
  readonly aws: AwsInput;
  readonly only?: string;
  readonly flaw?: 'not in the schema' | 'against good practice';
}

function refused({ aws, only, flaw }: RuledSynth): string | null {
  const app = buildApp(topologyOf({ cells: 1, aws }), {
    bundles: plainBundles(),
    devIssuer: { issuer: 'http://localhost/issuer', jwks: '{"keys":[]}' },
    ...(only === undefined ? {} : { only }),
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks());
  const [stack] = app.node.children.filter((child) => Stack.isStack(child));
  if (stack && flaw === 'not in the schema') {
    new CfnResource(stack, 'Flaw', { type: 'AWS::SNS::Topic', properties: { TopicNam: 'flaw' } });
  }
  if (stack && flaw === 'against good practice') {
    new CfnQueue(stack, 'Flaw');
  }
  const said: string[] = [];
  const say = console.error;
  // The findings are printed; the error only says that there are some.
  console.error = (...texts) => said.push(...texts.map(String));
  try {
    app.synth();
    return null;
  } catch (error) {
    return [error instanceof Error ? error.message : String(error), ...said].join('\n');
  } finally {
    console.error = say;
  }
}

const orders = JSON.parse(process.argv[2] ?? '[]') as readonly RuledSynth[];
process.stdout.write(`${JSON.stringify(orders.map(refused))}\n`);
