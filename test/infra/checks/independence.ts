/**
 * A1, cell independence: no template of a cell names, imports from or exports to another cell's; and whatever several cells
 * name at all stands in the list below, with the reason why a request does not wait for it.
 */
import { cellStackName } from '../../../core/aws-names.ts';
import { stringsIn, written } from '../intrinsics.ts';
import type { Finding, Template, Templates } from '../templates.ts';

/** Names of things outside of a cell that every cell may know. */
const SHARED: Readonly<Record<string, string>> = {
  'holdfast-arbiter': 'a quorum; a cell that can not reach it serves on for the rest of its lease',
  'holdfast-map': 'the bucket from which the extension of AWS FIS reads what to inject; no code of a cell reads it',
  'holdfast-payments': 'the sample of a provider outside of the platform; only the call of a payment needs it',
  'holdfast-alarms': 'where alarms go',
  'holdfast/payments-url': 'read when the stack is deployed, and never again',
};
const CROSS_STACK = ['Fn::ImportValue', 'Fn::GetStackOutput', 'Export'];

export interface CellPlace {
  readonly id: string;
  readonly regions: readonly string[];
}

export function checkIndependence(templates: Templates, cells: readonly CellPlace[]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { id, regions } of cells) {
    for (const region of regions) {
      const name = cellStackName(id, region);
      const template = templates.get(name);
      if (!template) continue;
      const others = cells.map((cell) => cell.id).filter((other) => other !== id);
      findings.push(...namesOthers(name, { template, others }), ...namesUnknown(name, { template, own: id }));
    }
  }
  return [...findings, ...twiceNamed(templates)];
}

function namesOthers(stack: string, { template, others }: { template: Template; others: readonly string[] }) {
  const strings = stringsIn(template);
  const foreign = others.filter((other) => strings.some((text) => new RegExp(`\\b${other}\\b`).test(text)));
  const links = CROSS_STACK.filter((link) => strings.includes(link));
  return [
    ...foreign.map((other) => `${stack}: names cell ${other}`),
    ...links.map((link) => `${stack}: is tied to another stack by ${link}`),
  ];
}

/** Everything of ours that a cell names is its own or shared for a reason. */
function namesUnknown(stack: string, { template, own }: { template: Template; own: string }): readonly Finding[] {
  const texts = Object.values(template.Resources).flatMap(({ Properties }) => joined(template, Properties));
  const names = texts.flatMap((text) => text.match(/holdfast[-/][a-z0-9-]+/g) ?? []);
  const isOwn = (name: string) => new RegExp(`^holdfast-(cell-)?${own}(-|$)`).test(name);
  const isShared = (name: string) => Object.keys(SHARED).some((shared) => name === shared || name === `${shared}-`);
  const unknown = new Set(names.filter((name) => !isOwn(name) && !isShared(name)));
  return [...unknown].map((name) => `${stack}: names ${name}, which is neither the cell's own nor shared for a reason`);
}

/** The texts in a value, with functions of CloudFormation written out. */
function joined(template: Template, value: unknown): readonly string[] {
  const whole = written(template, value);
  if (whole !== '') return [whole];
  if (Array.isArray(value)) return value.flatMap((inner) => joined(template, inner));
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((inner) => joined(template, inner));
}

const PHYSICAL = ['FunctionName', 'TableName', 'QueueName', 'LogGroupName', 'AlarmName', 'BucketName', 'TopicName'];

/** One thing belongs to one stack: a name that two stacks of a region give is one thing, or a failed deployment. */
function twiceNamed(templates: Templates): readonly Finding[] {
  const givenBy = new Map<string, string[]>();
  for (const [stack, template] of templates) {
    const region = /[a-z]{2}-[a-z]+-\d$/.exec(stack)?.[0] ?? 'first';
    for (const { Type, Properties = {} } of Object.values(template.Resources)) {
      const property = PHYSICAL.find((key) => key in Properties && !Type.endsWith('::EventInvokeConfig'));
      if (property === undefined || property === 'FunctionName' ? Type !== 'AWS::Lambda::Function' : false) continue;
      const key = `${Type} ${written(template, Properties[property ?? ''])} in ${region}`;
      givenBy.set(key, [...(givenBy.get(key) ?? []), stack]);
    }
  }
  return [...givenBy]
    .filter(([, stacks]) => stacks.length > 1)
    .map(([what, stacks]) => `${what}: made by ${stacks.join(' and ')}`);
}
