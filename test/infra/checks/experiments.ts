/**
 * FIS starts an experiment whose action names a target that is not defined, and only then says so; and a target that finds nobody
 * makes a drill that proves nothing. So: each action has its targets, each target its action, of the right kind, and somebody
 * who carries its tags.
 */
import { listOf, objectOf, written } from '../intrinsics.ts';
import { type Finding, type Properties, resourcesOf, type Template, type Templates } from '../templates.ts';

/** From FIS's "actions reference" (2026-11): what an action calls its target, and of what kind that is. */
const TARGET_OF: Readonly<Record<string, { readonly key: string; readonly resourceType: string }>> = {
  'aws:lambda:invocation-add-delay': { key: 'Functions', resourceType: 'aws:lambda:function' },
  'aws:lambda:invocation-error': { key: 'Functions', resourceType: 'aws:lambda:function' },
  'aws:dynamodb:global-table-pause-replication': { key: 'Tables', resourceType: 'aws:dynamodb:global-table' },
};

export function checkExperiments(templates: Templates, stack: string): readonly Finding[] {
  const template = templates.get(stack);
  if (!template) return [`${stack}: no such template`];
  const region = /[a-z]{2}-[a-z]+-\d$/.exec(stack)?.[0] ?? '';
  const here = [...templates].filter(([name]) => name.endsWith(region)).map(([, it]) => it);
  return resourcesOf(template, 'AWS::FIS::ExperimentTemplate').flatMap(([id, experiment]) =>
    [...wiring(experiment), ...nobody(experiment, { here, templates }), ...endless(template, experiment)].map(
      (problem) => `${stack}/${id}: ${problem}`,
    ),
  );
}

function wiring({ Actions, Targets }: Properties): readonly Finding[] {
  const targets = objectOf(Targets);
  const used = new Set<string>();
  const findings: Finding[] = [];
  for (const [name, action] of Object.entries(objectOf(Actions))) {
    const { ActionId, Targets: named } = objectOf(action);
    const wanted = TARGET_OF[String(ActionId)];
    if (!wanted) findings.push(`action ${name}: ${String(ActionId)} is none that we know`);
    const given = Object.entries(objectOf(named));
    if (given.map(([key]) => key).join() !== wanted?.key)
      findings.push(`action ${name}: has not exactly ${wanted?.key}`);
    for (const [, target] of given) {
      used.add(String(target));
      const { ResourceType } = objectOf(targets[String(target)]);
      if (ResourceType === undefined) findings.push(`action ${name}: its target ${String(target)} is not defined`);
      else if (ResourceType !== wanted?.resourceType)
        findings.push(`action ${name}: can't hit ${String(ResourceType)}`);
    }
  }
  const idle = Object.keys(targets).filter((target) => !used.has(target));
  return [...findings, ...idle.map((target) => `target ${target}: no action uses it`)];
}

function nobody({ Targets }: Properties, of: { here: readonly Template[]; templates: Templates }): readonly Finding[] {
  return Object.entries(objectOf(Targets)).flatMap(([name, target]) => {
    const { ResourceTags, ResourceArns } = objectOf(target);
    const hit =
      ResourceTags === undefined
        ? listOf(ResourceArns ?? []).some((arn) => isTable(of.templates, written({ Resources: {} }, arn)))
        : of.here.some((template) => carries(template, objectOf(ResourceTags)));
    return hit ? [] : [`target ${name}: nobody is like that`];
  });
}

function carries(template: Template, tags: Readonly<Record<string, unknown>>): boolean {
  return resourcesOf(template, 'AWS::Lambda::Function').some(([, { Tags }]) => {
    const own = new Map(listOf(Tags ?? []).map((tag) => [objectOf(tag).Key, objectOf(tag).Value]));
    return Object.entries(tags).every(([key, value]) => own.get(key) === value);
  });
}

const isTable = (templates: Templates, arn: string) =>
  [...templates.values()].some((template) =>
    resourcesOf(template, 'AWS::DynamoDB::GlobalTable').some(([, { TableName }]) =>
      arn.endsWith(`table/${String(TableName)}`),
    ),
  );

/** An alarm that is there must be able to end it. */
function endless(template: Template, { StopConditions, RoleArn }: Properties): readonly Finding[] {
  const resource = (value: unknown) => /^<(\w+)\.Arn>$/.exec(written(template, value))?.[1] ?? '';
  const ends = listOf(StopConditions ?? []).some(
    (condition) => template.Resources[resource(objectOf(condition).Value)]?.Type === 'AWS::CloudWatch::Alarm',
  );
  const mayAct = template.Resources[resource(RoleArn)]?.Type === 'AWS::IAM::Role';
  return [...(ends ? [] : ['no alarm ends it']), ...(mayAct ? [] : ['it has no role'])];
}
