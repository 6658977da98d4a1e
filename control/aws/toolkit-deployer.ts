/**
 * Synthesises the CDK app and deploys its stacks with the CDK's own toolkit, in this process: same assets, same roles, same
 * change sets as `cdk deploy`. The toolkit is large; whoever imports this file loads it, so it is imported only by a command
 * that deploys. It is a trusted judge of nothing: what became of a stack is read off CloudFormation.
 */
import {
  type CachedCloudAssembly,
  type ICloudAssemblySource,
  type IIoHost,
  type IoMessage,
  type IoRequest,
  type StackActivity,
  StackSelectionStrategy,
  Toolkit,
  ToolkitError,
} from '@aws-cdk/toolkit-lib';
import { TAGS } from '../../core/aws-names.ts';
import { PlatformError } from '../../core/errors.ts';
import type { DeployStep } from '../deploy/deploy-plan.ts';
import type { Stacks, Watch } from '../deploy/stacks.ts';
import type { SynthesisedResource, SynthesisedStack } from '../doctor/synthesised-app.ts';
import { cloudError } from './cloud-error.ts';

/** As the toolkit holds it. */
type CloudFormationStackArtifact = CachedCloudAssembly['cloudAssembly']['stacks'][number];

export interface App {
  /** Where the assembly lies. */
  readonly dir: string;
  /** What its stacks say that they are; `null`: they say nothing, or not the same. */
  readonly release: string | null;
  readonly stacks: readonly SynthesisedStack[];
  readonly deploy: Stacks['deploy'];
  readonly rollBack: Stacks['rollBack'];
  /** Unlocks the assembly. */
  close(): Promise<void>;
}

export type AppSource =
  /** The command of `cdk.json`, run in the project. */
  | { readonly command: string; readonly rootDir: string }
  /** What was synthesised before. */
  | { readonly assemblyDir: string };

/** Activity of a resource, as it happens. */
const ACTIVITY = 'CDK_TOOLKIT_I5502';
/** The end of the app's own output that stands in an error; the rest scrolls nobody's terminal. */
const OUTPUT_LINES_MAX = 30;
/** Result of a deployment, with `noOp`. */
const RESULT = 'CDK_TOOLKIT_I5900';
/** What failed only because something else had failed first. */
const CONSEQUENCE = /cancelled/i;
const CAUSES_MAX = 10;

export async function openApp(source: AppSource): Promise<App> {
  const ear = new ToolkitEar();
  const toolkit = new Toolkit({ ioHost: ear, color: false, emojis: false });
  const assembly = await synthesise(toolkit, { source, ear });
  const stacks = assembly.cloudAssembly.stacksRecursively;
  const selector = ({ stack }: DeployStep) => {
    const found = stacks.find(({ stackName }) => stackName === stack);
    if (!found) throw notInApp({ stack, known: stacks.map(({ stackName }) => stackName) });
    return { strategy: StackSelectionStrategy.PATTERN_MUST_MATCH_SINGLE, patterns: [found.hierarchicalId] };
  };
  const watched = async (step: DeployStep, { watch, work }: { watch: Watch; work: () => Promise<unknown> }) => {
    ear.listen(watch);
    await work().catch((thrown: unknown) => {
      throw verdict(thrown, { step, firstFailure: ear.firstFailure });
    });
  };
  const releases = new Set(stacks.map(({ tags }) => tags[TAGS.release]));
  const [release = null] = releases;
  return {
    dir: assembly.cloudAssembly.directory,
    release: releases.size === 1 ? release : null,
    stacks: stacks.map(synthesised),
    deploy: async (step, watch) => {
      await watched(step, { watch, work: () => toolkit.deploy(assembly, { stacks: selector(step) }) });
      return ear.changed ? 'changed' : 'unchanged';
    },
    rollBack: (step, watch) =>
      watched(step, { watch, work: () => toolkit.rollback(assembly, { stacks: selector(step) }) }),
    close: () => assembly.dispose(),
  };
}

async function synthesise(toolkit: Toolkit, { source, ear }: { readonly source: AppSource; readonly ear: ToolkitEar }) {
  try {
    return await toolkit.synth(await assemblySource(toolkit, source));
  } catch (cause) {
    const said = ear.output.slice(-OUTPUT_LINES_MAX).join('\n');
    const message = `The app could not be synthesised, so nothing was deployed: ${textOf(cause)}${said ? `\n${said}` : ''}`;
    throw new PlatformError({ code: 'DEPLOY_REFUSED', kind: 'caller', effect: 'none', message, cause });
  }
}

function assemblySource(toolkit: Toolkit, source: AppSource): Promise<ICloudAssemblySource> {
  if ('assemblyDir' in source) return toolkit.fromAssemblyDirectory(source.assemblyDir);
  return toolkit.fromCdkApp(source.command, { workingDirectory: source.rootDir });
}

/** Hears everything the toolkit says, repeats what a person wants to see, and answers its questions with yes: the command asked. */
class ToolkitEar implements IIoHost {
  readonly output: string[] = [];
  /** The newest deployment did something. */
  changed = false;
  /** The first resource of the newest operation that failed by itself. */
  firstFailure: string | null = null;
  #onProgress: Watch['onProgress'] = () => undefined;

  listen({ onProgress }: Watch): void {
    this.#onProgress = onProgress;
    this.changed = false;
    this.firstFailure = null;
  }

  async notify({ code, level, message, data }: IoMessage<unknown>): Promise<void> {
    if (code === ACTIVITY) return this.#heard(data as StackActivity);
    if (code === RESULT) this.changed = (data as { readonly noOp?: unknown }).noOp !== true;
    if (level !== 'debug' && level !== 'trace') this.output.push(message);
    if (this.output.length > OUTPUT_LINES_MAX) this.output.shift();
  }

  async requestResponse<T>({ defaultResponse }: IoRequest<unknown, T>): Promise<T> {
    return defaultResponse;
  }

  #heard({ event, progress }: StackActivity): void {
    const {
      LogicalResourceId: id = '',
      ResourceType: type,
      ResourceStatus: status = '',
      ResourceStatusReason: reason,
    } = event;
    const isStack = event.PhysicalResourceId === event.StackId;
    if (!isStack && status.endsWith('_FAILED') && !CONSEQUENCE.test(reason ?? '')) {
      this.firstFailure ??= `${id} (${type}): ${reason ?? 'no reason given'}`;
    }
    this.#onProgress({ done: progress.completed, total: progress.total ?? null, last: `${id} ${status}` });
  }
}

/** What became of an operation that threw: CloudFormation's own no, or an answer that is missing. */
function verdict(
  thrown: unknown,
  { step, firstFailure }: { readonly step: DeployStep; readonly firstFailure: string | null },
): PlatformError {
  const { stack, region } = step;
  const chain = causesOf(thrown);
  const failed = (why: string) =>
    new PlatformError({
      code: 'DEPLOY_FAILED',
      kind: 'dependency',
      effect: 'unknown',
      message: `${stack} in ${region}: ${why}`,
      cause: thrown,
    });
  if (firstFailure !== null) return failed(firstFailure);
  // Innermost first: the toolkit wraps what the SDK threw.
  const root = chain.at(-1);
  if (chain.some((each) => ToolkitError.isDeploymentError(each))) return failed(textOf(root));
  if (ToolkitError.isToolkitError(root) && !ToolkitError.isAuthenticationError(root)) return failed(textOf(root));
  const error = cloudError(root, { doing: `deploy ${stack} in ${region}`, looksOnly: false });
  if (error.code !== 'CLOUD_UNAVAILABLE') return error;
  return new PlatformError({
    code: 'OUTCOME_UNKNOWN',
    kind: 'dependency',
    effect: 'unknown',
    message: error.message,
    cause: thrown,
  });
}

function causesOf(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [thrown];
  while (chain.length < CAUSES_MAX) {
    const { cause } = (chain.at(-1) ?? {}) as { readonly cause?: unknown };
    if (cause === undefined || cause === null) break;
    chain.push(cause);
  }
  return chain;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function synthesised(artifact: CloudFormationStackArtifact): SynthesisedStack {
  const { stackName, environment, requiresBootstrapStackVersion } = artifact;
  const { Resources = {} } = artifact.template as { Resources?: Record<string, TemplateResource> };
  const resources = Object.values(Resources).map(
    ({ Type, Properties = {} }): SynthesisedResource => ({ type: Type, properties: Properties }),
  );
  const { region, account } = environment;
  return { stack: stackName, region, account, bootstrapVersionMin: requiresBootstrapStackVersion ?? 0, resources };
}

interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

function notInApp({ stack, known }: { readonly stack: string; readonly known: readonly string[] }): PlatformError {
  return new PlatformError({
    code: 'DEPLOY_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `The synthesised app has no stack ${stack}; it has: ${known.join(', ') || 'none'}. Synthesise it anew from this platform.config.ts.`,
  });
}
