/**
 * The OpenAPI document of a service, made from the declarations that are enforced. The policy of a route stands in it as
 * `x-holdfast-policy`. Loaded when the document is asked for: no request needs the generator.
 */
import { toJSONSchema } from 'zod/mini';
import { MAX_STALENESS_ASKED_MS } from '../../core/consistency.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { PROBLEM_CONTENT_TYPE } from '../../core/problem.ts';
import { SESSION_HEADER, SESSION_LENGTH_MAX } from '../session/session-token.ts';
import { DEADLINE_HEADER, IDEMPOTENCY_KEY_HEADER, IDEMPOTENCY_KEY_LENGTH_MAX } from './call.ts';
import { MAX_STALENESS_HEADER } from './freshness.ts';
import type { ResponseDeclaration, Route, Schema } from './route.ts';

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'effect'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    effect: { type: 'string', enum: ['none', 'unknown'] },
  },
} as const;

/** What every route may answer with, and what it means here. */
const PROBLEMS: Readonly<Record<number, ResponseDeclaration>> = {
  400: { description: 'Malformed input: what was seen and what is allowed.' },
  421: { description: 'Another cell or region serves this; x-holdfast-owner and x-cell-epoch say which.' },
  503: { description: 'Refused without an effect, or OUTCOME_UNKNOWN: `effect` says which.' },
  504: { description: 'The deadline passed before anything was done.' },
};

export function openApiDocument(options: { title: string; routes: readonly Route[] }): JsonObject {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of options.routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  const components = { schemas: { Problem: PROBLEM_SCHEMA } };
  return { openapi: '3.1.0', info: { title: options.title, version: '1' }, components, paths };
}

function operation(route: Route): JsonObject {
  const body = route.body && { required: true, content: { 'application/json': { schema: jsonSchema(route.body) } } };
  return {
    operationId: route.operation,
    summary: route.summary,
    'x-holdfast-policy': plain(route.policy),
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(body ? { requestBody: body } : {}),
    responses: responses({ ...PROBLEMS, ...route.responses }),
  };
}

function pathParameters({ params }: Route): JsonObject[] {
  const { properties = {} } = jsonSchema(params) as { readonly properties?: JsonObject };
  return Object.entries(properties).map(([name, schema]) => ({ in: 'path', name, required: true, schema }));
}

function queryParameters({ query }: Route): JsonObject[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(query) as {
    readonly properties?: JsonObject;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    in: 'query',
    name,
    required: required.includes(name),
    schema,
  }));
}

function headerParameters({ policy }: Route): JsonObject[] {
  const key = { type: 'string', minLength: 1, maxLength: IDEMPOTENCY_KEY_LENGTH_MAX };
  const deadline = { type: 'integer', minimum: 1, maximum: policy.deadlineMs };
  const bound = { type: 'integer', minimum: 0, maximum: MAX_STALENESS_ASKED_MS };
  const session = { type: 'string', maxLength: SESSION_LENGTH_MAX };
  return [
    { in: 'header', name: SESSION_HEADER, required: false, schema: session },
    ...(policy.standbyReads ? [{ in: 'header', name: MAX_STALENESS_HEADER, required: false, schema: bound }] : []),
    { in: 'header', name: IDEMPOTENCY_KEY_HEADER, required: policy.idempotency === 'required', schema: key },
    { in: 'header', name: DEADLINE_HEADER, required: false, schema: deadline },
  ];
}

function responses(declared: Readonly<Record<number, ResponseDeclaration>>): JsonObject {
  const entries = Object.entries(declared).map(([status, { description, schema }]): [string, JsonObject] => {
    const content: JsonObject = schema
      ? { 'application/json': { schema: jsonSchema(schema) } }
      : { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
    return [status, { description, content }];
  });
  return Object.fromEntries(entries);
}

/** OpenAPI 3.1 takes JSON Schema 2020-12 as it is, but for the name of the dialect. */
function jsonSchema(schema: Schema): JsonObject {
  const { $schema: _dialect, ...rest } = toJSONSchema(schema, { io: 'input' });
  return plain(rest);
}

function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
