/** CloudFormation's functions, written out as a person would read them, so that names can be compared. */
import type { Template } from './templates.ts';

/** Of a resource with a name of ours, `Ref` gives that name (or an ARN that ends with it); of others its logical id. */
const NAMES = ['FunctionName', 'TableName', 'QueueName', 'BucketName', 'TopicName', 'LogGroupName', 'AlarmName'];

/** `{Ref: 'AWS::AccountId'}` becomes `<account>`, an attribute `<Id.Arn>`, an output `<stack/Output>`; what is not a string or a function gives `''`. */
export function written(template: Template, value: unknown): string {
  if (typeof value === 'string') return value.replace(/\$\{AWS::AccountId\}/g, '<account>');
  if (typeof value !== 'object' || value === null) return '';
  const [name, argument] = Object.entries(value)[0] ?? ['', ''];
  switch (name) {
    case 'Ref':
      return referred(template, String(argument));
    case 'Fn::Join': {
      const [between, parts] = argument as [string, unknown[]];
      return parts.map((part) => written(template, part)).join(between);
    }
    case 'Fn::Sub':
      return written(template, argument);
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::GetStackOutput':
      return `<${String(objectOf(argument).StackName)}/${String(objectOf(argument).OutputName)}>`;
    default:
      return '';
  }
}

function referred(template: Template, id: string): string {
  if (id === 'AWS::AccountId') return '<account>';
  const properties = template.Resources[id]?.Properties ?? {};
  const name = NAMES.map((key) => properties[key]).find((value) => typeof value === 'string');
  return typeof name === 'string' ? name : `<${id}>`;
}

/** Every string anywhere in a value, keys of objects included. */
export function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsIn(inner)]);
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

export const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
