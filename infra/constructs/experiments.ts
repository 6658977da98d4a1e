/**
 * The drills that AWS FIS can do, as experiment templates of one region. An experiment reaches resources and alarms of its own
 * region only, so each region has its own. Functions are found by their tags, so the templates do not grow with the cells.
 *
 * What they need: FIS acts inside a function through an extension, which is a layer that reads the region's bucket
 * (`aws.faultInjection`); a function that was made without it ignores the experiment, and the drill's verdict is "unknown".
 */
import * as fis from 'aws-cdk-lib/aws-fis';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ARBITER_TABLE, FAULTS_PREFIX, TAGS } from '../../core/aws-names.ts';
import { acceptWildcard } from './accepted.ts';

export interface ExperimentsProps {
  readonly region: string;
  readonly bucketName: string;
  /** Ends an experiment as soon as it rings. */
  readonly stopAlarmArn: string;
}

interface Drill {
  readonly name: string;
  readonly description: string;
  readonly action: 'aws:lambda:invocation-add-delay' | 'aws:lambda:invocation-error';
  readonly parameters: Readonly<Record<string, string>>;
  /** Of functions: all who carry these tags. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Longer than a failover takes with any cadence but `economy`'s wait, shorter than somebody's patience. */
const DURATION = 'PT10M';
/** Well above every deadline, so that slow is as bad as it gets. */
const DELAY_MS = '5000';
const FIRST_WAVE = { [TAGS.wave]: '1' };
const SERVICES = { [TAGS.role]: 'service' };

const SLOW = { action: 'aws:lambda:invocation-add-delay', parameters: { startupDelayMilliseconds: DELAY_MS } } as const;
/** `preventExecution`: the handler does not run, as if the function were not there. */
const DEAD = { action: 'aws:lambda:invocation-error', parameters: { preventExecution: 'true' } } as const;

const DRILLS: readonly Drill[] = [
  {
    name: 'slow-cell',
    description: 'Services of the first wave answer 5 s late',
    ...{ ...SLOW, tags: { ...SERVICES, ...FIRST_WAVE } },
  },
  {
    name: 'dead-cell',
    description: 'Services of the first wave fail every call',
    ...{ ...DEAD, tags: { ...SERVICES, ...FIRST_WAVE } },
  },
  { name: 'slow-region', description: 'Services of every cell answer 5 s late', ...{ ...SLOW, tags: SERVICES } },
  { name: 'dead-region', description: 'Services of every cell fail every call', ...{ ...DEAD, tags: SERVICES } },
  {
    name: 'silent-keepers',
    description: 'Nobody renews a lease in this region',
    ...{ ...DEAD, tags: { [TAGS.role]: 'keeper' } },
  },
  {
    name: 'no-replication',
    description: 'Nothing is brought to the peers from this region',
    ...{ ...DEAD, tags: { [TAGS.role]: 'replicator' } },
  },
];

export class Experiments extends Construct {
  constructor(scope: Construct, id: string, props: ExperimentsProps) {
    super(scope, id);
    const { region, stopAlarmArn } = props;
    const { account } = Stack.of(this);
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('fis.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
      inlinePolicies: { faults: faultsPolicy(this, props) },
    });
    acceptWildcards(role, props);
    const template = (
      drill: string,
      rest: Pick<fis.CfnExperimentTemplateProps, 'description' | 'actions' | 'targets'>,
    ) =>
      new fis.CfnExperimentTemplate(this, camel(drill), {
        ...rest,
        roleArn: role.roleArn,
        stopConditions: [{ source: 'aws:cloudwatch:alarm', value: stopAlarmArn }],
        experimentOptions: { accountTargeting: 'single-account', emptyTargetResolutionMode: 'fail' },
        tags: { Name: `holdfast-${drill}` },
      });
    for (const { name, description, action, parameters, tags } of DRILLS) {
      template(name, {
        description: `Holdfast: ${description}`,
        targets: {
          functions: {
            resourceType: 'aws:lambda:function',
            resourceTags: { ...tags, [TAGS.region]: region },
            selectionMode: 'ALL',
          },
        },
        actions: {
          fault: {
            actionId: action,
            parameters: { duration: DURATION, invocationPercentage: '100', ...parameters },
            targets: { Functions: 'functions' },
          },
        },
      });
    }
    template('arbiter-cut-off', {
      description: 'Holdfast: the replica of the arbiter in this region is cut off from the other regions',
      targets: {
        arbiter: {
          resourceType: 'aws:dynamodb:global-table',
          resourceArns: [arbiterArn(this, region)],
          selectionMode: 'ALL',
        },
      },
      actions: {
        fault: {
          actionId: 'aws:dynamodb:global-table-pause-replication',
          parameters: { duration: DURATION },
          targets: { Tables: 'arbiter' },
        },
      },
    });
  }
}

function faultsPolicy(scope: Construct, { region, bucketName }: ExperimentsProps): iam.PolicyDocument {
  const allow = (sid: string, actions: string[], resources: string[]) =>
    new iam.PolicyStatement({ sid, actions, resources });
  return new iam.PolicyDocument({
    statements: [
      allow('WriteFaults', ['s3:PutObject', 's3:DeleteObject'], [faultsArn(bucketName)]),
      allow('ReadFunctions', ['lambda:GetFunction'], [functionsArn(scope, region)]),
      allow('FindByTags', ['tag:GetResources'], ['*']),
      allow(
        'PauseReplication',
        ['PutResourcePolicy', 'DeleteResourcePolicy', 'GetResourcePolicy', 'DescribeTable'].map(
          (it) => `dynamodb:${it}`,
        ),
        [arbiterArn(scope, region)],
      ),
      allow('PauseStrong', ['dynamodb:InjectError'], ['*']),
    ],
  });
}

function acceptWildcards(role: iam.Role, { region, bucketName }: ExperimentsProps): void {
  const reasons = [
    [faultsArn(bucketName), 'AWS FIS writes an object for each function and experiment, under names of its own.'],
    [functionsArn(role, region), 'Functions are found by their tags when a drill starts; cells come and go.'],
    // Both statements with it: FindByTags and PauseStrong.
    [
      '*',
      'tag:GetResources and dynamodb:InjectError take no resource. What is hit are the targets of the template that runs, and those carry our tags or are the arbiter.',
    ],
  ] as const;
  for (const [resource, because] of reasons) acceptWildcard(role, { resource, because });
}

const faultsArn = (bucketName: string) => `arn:aws:s3:::${bucketName}/${FAULTS_PREFIX}*`;

const functionsArn = (scope: Construct, region: string) =>
  `arn:aws:lambda:${region}:${Stack.of(scope).account}:function:holdfast-*`;

const arbiterArn = (scope: Construct, region: string) =>
  `arn:aws:dynamodb:${region}:${Stack.of(scope).account}:table/${ARBITER_TABLE}`;

const camel = (name: string) => name.replace(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
