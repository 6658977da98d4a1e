/**
 * The platform as a CDK app: which stacks there are, and in which order they are deployed. In process and without the CLI, so
 * that a deploy, a test and a bench make the same templates.
 */
import { App } from 'aws-cdk-lib/core';
import { cellStackName, ENTRY_STACK, GLOBAL_STACK, OPERATIONS_STACK, regionStackName } from '../core/aws-names.ts';
import { invalid } from '../core/errors.ts';
import { shown } from '../core/ids.ts';
import { type Topology, validateTopology } from '../core/topology.ts';
import { requireAwsTopology } from '../core/topology-aws.ts';
import { CellStack } from './stacks/cell-stack.ts';
import { EntryStack } from './stacks/entry-stack.ts';
import { GlobalStack } from './stacks/global-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';
import type { PlatformProps } from './stacks/platform-stack.ts';
import { RegionStack } from './stacks/region-stack.ts';

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
    // Where a construct was made: some hundred stack traces for each cell, which nobody reads.
    stackTraces: false,
    builtinCloudFormationValidation: validate,
    context: FLAGS,
  });
  const wanted = (name: string) => only === undefined || only === name;
  addStacks(app, { props: { ...rest, topology: checked }, wanted });
  if (app.node.children.length === 0) throw invalid(`No stack ${shown(only)}. Allowed: what "npx cdk list" names.`);
  return app;
}

export function synthesise(topology: Topology, options: SynthOptions): Assembly {
  return buildApp(topology, options).synth();
}

/**
 * In the order of their deployment: what a stack waits for, it needs there (tables, a parameter, addresses). A cell waits for
 * its region alone, and no cell for another.
 */
function addStacks(app: App, of: { props: PlatformProps; wanted: (name: string) => boolean }): void {
  const { props, wanted } = of;
  const { regions, cells } = props.topology;
  const [globalRegion] = regions;
  if (!globalRegion) throw new RangeError('A topology has at least two regions.');
  const first = { ...props, region: globalRegion };
  const shared = wanted(GLOBAL_STACK) ? new GlobalStack(app, first) : null;
  const entry = wanted(ENTRY_STACK) ? new EntryStack(app, first) : null;
  if (wanted(OPERATIONS_STACK)) new OperationsStack(app, first);
  for (const region of regions) {
    const here = wanted(regionStackName(region)) ? new RegionStack(app, { ...props, region, globalRegion }) : null;
    if (here && shared) here.addStackDependency(shared, 'its functions use the arbiter');
    if (here && entry) entry.addStackDependency(here, 'it is in front of the router');
    for (const cell of cells.filter(({ home, standby }) => home === region || standby === region)) {
      if (!wanted(cellStackName(cell.id, region))) continue;
      const made = new CellStack(app, { ...props, cell, region });
      if (here) made.addStackDependency(here, 'its checkout is told where to charge');
    }
  }
}

const FLAGS = {
  // What breaks a rule of CloudFormation is an error, not a warning.
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/core:enablePartitionLiterals': true,
  '@aws-cdk/aws-iam:minimizePolicies': false,
  '@aws-cdk/core:target-partitions': ['aws'],
};
