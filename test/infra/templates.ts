/**
 * The platform's templates as the tests look at them: made in this process, a stack only when a test asks for it, and each once.
 * CloudFormation's own rules are left to `validated.test.ts`, because their engine is slow to start and does not run in jest.
 */
import { type App, CfnResource, Stack, TagManager } from 'aws-cdk-lib/core';
import type { AwsInput } from '../../core/topology-aws.ts';
import { buildApp } from '../../infra/app.ts';
import { plainBundles } from './plain-bundles.ts';
import { topologyOf } from './topologies.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

export type Templates = ReadonlyMap<string, Template>;
/** Where, and what is wrong there. */
export type Finding = string;

export interface Choice {
  readonly cells?: number;
  readonly aws?: AwsInput;
  /** Only this stack. */
  readonly only?: string;
}

const bundles = plainBundles();
const made = new Map<string, { readonly app: App; readonly templates: Templates }>();

export function appOf(choice: Choice): App {
  return buildApp(topologyOf(choice), {
    bundles,
    validate: false,
    devIssuer: { issuer: 'http://localhost/issuer', jwks: '{"keys":[]}' },
    ...(choice.only === undefined ? {} : { only: choice.only }),
  });
}

function synthesised(choice: Choice) {
  const key = JSON.stringify(choice);
  const known = made.get(key);
  if (known) return known;
  const app = appOf(choice);
  const templates = new Map(app.synth().stacks.map(({ stackName, template }) => [stackName, template as Template]));
  const all = { app, templates };
  made.set(key, all);
  return all;
}

export const templatesOf = (choice: Choice): Templates => synthesised(choice).templates;

/** Logical ids, by stack, of all that can carry tags: as the CDK knows it from the schemas, so no list is to be kept. */
export function taggable(choice: Choice): ReadonlyMap<string, readonly string[]> {
  const stacks = synthesised(choice).app.node.children.filter((child) => Stack.isStack(child));
  return new Map(
    stacks.map((stack) => [
      stack.stackName,
      stack.node
        .findAll()
        .filter((node) => CfnResource.isCfnResource(node))
        .filter((node) => TagManager.isTaggable(node) || TagManager.isTaggableV2(node))
        .map((node) => String(stack.resolve(node.logicalId))),
    ]),
  );
}

export function templateOf(templates: Templates, stackName: string): Template {
  const found = templates.get(stackName);
  if (!found) throw new RangeError(`No template ${stackName}: ${[...templates.keys()].join(', ')}`);
  return found;
}

export function resourcesOf(
  template: Template,
  ...types: readonly string[]
): readonly (readonly [string, Properties])[] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => types.includes(Type))
    .map(([id, { Properties = {} }]) => [id, Properties]);
}

export type Properties = Readonly<Record<string, unknown>>;

/** A copy of the templates in which one is damaged: what a guard is fed to see that it barks. */
export function damaged(templates: Templates, stackName: string, damage: (template: Draft) => void): Templates {
  const draft = structuredClone(templateOf(templates, stackName)) as unknown as Draft;
  damage(draft);
  return new Map([...templates, [stackName, draft as unknown as Template]]);
}

/** Of the type, the first whose logical id begins so. Throws when there is none: damage that hits nothing proves nothing. */
export function picked({ Resources }: Draft, type: string, idBegins = ''): DraftResource {
  const found = Object.entries(Resources).find(([id, { Type }]) => Type === type && id.startsWith(idBegins));
  if (!found) throw new RangeError(`No ${type} ${idBegins} to damage.`);
  return found[1];
}

export interface Draft {
  Resources: Record<string, DraftResource>;
  Outputs?: Record<string, unknown>;
}

export interface DraftResource {
  Type: string;
  // Whatever a test puts in: it is there to be wrong.
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}
