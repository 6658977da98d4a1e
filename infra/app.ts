/**
 * The platform as a CDK app: which stacks there are, and in which order they are deployed. In process and without the CLI, so
 * that a deploy, a test and a bench make the same templates.
 */
import { App } from 'aws-cdk-lib';
import { cellStackName } from '../core/aws-names.ts';
import { invalid } from '../core/errors.ts';
import { shown } from '../core/ids.ts';
import { type Topology, validateTopology } from '../core/topology.ts';
import { requireAwsTopology } from '../core/topology-aws.ts';
import { CellStack } from './stacks/cell-stack.ts';
import type { PlatformProps } from './stacks/platform-stack.ts';

/** What `App.synth()` gives: the templates and assets of the stacks, as read from the output folder. */
export type Assembly = ReturnType<App['synth']>;

export interface SynthOptions extends Omit<PlatformProps, 'topology'> {
  /** Default: a temporary folder. */
  readonly outdir?: string;
  /** Whether CloudFormation's own rules are held against the templates, and what breaks them is an error. Default: true. */
  readonly validate?: boolean;
  /** Only this stack; default: all. */
  readonly only?: string;
}

/** Throws `INVALID_TOPOLOGY` with all that AWS would refuse, before anything is made. */
export function buildApp(topology: Topology, options: SynthOptions): App {
  const checked = validateTopology(topology);
  requireAwsTopology(checked);
  const { outdir, validate = true, only, ...rest } = options;
  const app = new App({
    ...(outdir === undefined ? {} : { outdir }),
    analyticsReporting: false,
    treeMetadata: false,
    context: { ...FLAGS, '@aws-cdk/core:validateAgainstDefaultRules': validate },
  });
  const props = { ...rest, topology: checked };
  const wanted = (name: string) => only === undefined || only === name;
  for (const cell of checked.cells) {
    for (const region of [cell.home, cell.standby]) {
      if (wanted(cellStackName(cell.id, region))) new CellStack(app, { ...props, cell, region });
    }
  }
  if (app.node.children.length === 0) throw invalid(`No stack ${shown(only)}. Allowed: what "npx cdk list" names.`);
  return app;
}

export function synthesise(topology: Topology, options: SynthOptions): Assembly {
  return buildApp(topology, options).synth();
}

const FLAGS = {
  '@aws-cdk/core:enablePartitionLiterals': true,
  '@aws-cdk/aws-iam:minimizePolicies': false,
  '@aws-cdk/aws-lambda:recognizeLayerVersion': true,
  '@aws-cdk/aws-lambda:recognizeVersionProps': true,
  '@aws-cdk/core:target-partitions': ['aws'],
};
