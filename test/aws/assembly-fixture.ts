/** A synthesised app without the synthesis: one small template for each step of a plan, with the names and tags of the real one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeployStep } from '../../control/deploy/deploy-plan.ts';
import { ACCOUNT } from './aws-request.ts';

export interface FixtureOptions {
  readonly release: string;
  readonly stage?: string;
}

/** Writes an assembly into `dir`, as `cdk synth` would. */
export function writeAssembly(
  dir: string,
  steps: readonly DeployStep[],
  { release, stage = 'sandbox' }: FixtureOptions,
): void {
  mkdirSync(dir, { recursive: true });
  const artifacts: Record<string, unknown> = {};
  for (const step of steps) {
    const templateFile = `${step.stack}.template.json`;
    writeFileSync(join(dir, templateFile), JSON.stringify(templateOf(step, release)));
    writeFileSync(join(dir, `${step.stack}.assets.json`), JSON.stringify(assetsOf(step, release)));
    artifacts[`${step.stack}.assets`] = {
      type: 'cdk:asset-manifest',
      properties: {
        file: `${step.stack}.assets.json`,
        requiresBootstrapStackVersion: 6,
        bootstrapStackVersionSsmParameter: VERSION_PARAMETER,
      },
    };
    artifacts[step.stack] = {
      type: 'aws:cloudformation:stack',
      environment: `aws://${ACCOUNT}/${step.region}`,
      dependencies: [`${step.stack}.assets`],
      displayName: step.stack,
      properties: {
        templateFile,
        stackName: step.stack,
        tags: { 'holdfast:release': release, 'holdfast:stage': stage },
        assumeRoleArn: roleArn('deploy-role', step.region),
        cloudFormationExecutionRoleArn: roleArn('cfn-exec-role', step.region),
        stackTemplateAssetObjectUrl: `s3://${bucketOf(step.region)}/${objectKey(step, release)}`,
        requiresBootstrapStackVersion: 6,
        bootstrapStackVersionSsmParameter: VERSION_PARAMETER,
      },
    };
  }
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify({ version: '38.0.0', artifacts }));
}

const VERSION_PARAMETER = '/cdk-bootstrap/hnb659fds/version';
const bucketOf = (region: string) => `cdk-hnb659fds-assets-${ACCOUNT}-${region}`;
const objectKey = ({ stack }: DeployStep, release: string) => `${stack}-${release}.json`;
const roleArn = (role: string, region: string) =>
  `arn:aws:iam::${ACCOUNT}:role/cdk-hnb659fds-${role}-${ACCOUNT}-${region}`;

function templateOf(step: DeployStep, release: string): unknown {
  if (step.layer !== 'cell')
    return { Resources: { Bucket: resource('AWS::S3::Bucket', { BucketName: `${step.stack}-${ACCOUNT}` }) } };
  const lambda = (name: string) =>
    resource('AWS::Lambda::Function', {
      FunctionName: `holdfast-${step.cell}-${name}`,
      ReservedConcurrentExecutions: 10,
      Environment: { release },
    });
  return {
    Resources: {
      Table: resource('AWS::DynamoDB::GlobalTable', {
        TableName: `holdfast-${step.cell}`,
        Replicas: [{ Region: step.region }],
      }),
      Cart: lambda('cart'),
      Keeper: lambda('keeper'),
      Role: resource('AWS::IAM::Role', {}),
      Logs: resource('AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/holdfast-${step.cell}-cart` }),
    },
  };
}

const resource = (Type: string, Properties: Readonly<Record<string, unknown>>) => ({ Type, Properties });

function assetsOf(step: DeployStep, release: string): unknown {
  const destination = {
    bucketName: bucketOf(step.region),
    objectKey: objectKey(step, release),
    region: step.region,
    assumeRoleArn: roleArn('file-publishing-role', step.region),
  };
  const source = { path: `${step.stack}.template.json`, packaging: 'file' };
  return {
    version: '38.0.0',
    files: { [step.stack]: { source, destinations: { current: destination } } },
    dockerImages: {},
  };
}
