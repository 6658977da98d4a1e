/** Compiles a condition of the table port into a DynamoDB condition expression with its names and values. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Attribute, Condition } from './table.ts';

export interface CompiledCondition {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

export function compileCondition(condition: Condition): CompiledCondition {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const expression = compile(condition, names, values);
  return {
    ConditionExpression: expression,
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
  };
}

function compile(condition: Condition, names: Record<string, string>, values: Record<string, AttributeValue>): string {
  const named = (attribute: string) => {
    const name = `#${attribute}`;
    names[name] = attribute;
    return name;
  };
  switch (condition.kind) {
    case 'absent':
      return `attribute_not_exists(${named('pk')})`;
    case 'attribute-absent':
      return `attribute_not_exists(${named(condition.attribute)})`;
    case 'all':
    case 'any': {
      const joiner = condition.kind === 'all' ? ' AND ' : ' OR ';
      return condition.of.map((part) => `(${compile(part, names, values)})`).join(joiner);
    }
    default: {
      const value = `:v${Object.keys(values).length}`;
      values[value] = marshalAttribute(condition.value);
      return `${named(condition.attribute)} ${condition.kind} ${value}`;
    }
  }
}

export function marshalAttribute(value: Attribute): AttributeValue {
  return typeof value === 'number' ? { N: String(value) } : { S: value };
}
