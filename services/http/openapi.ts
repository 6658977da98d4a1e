/** A route's declaration as an OpenAPI operation. Its policy stands in the document as `x-holdfast-policy`. */
import type { DescribeRouteOptions, ResponsesWithResolver, resolver } from 'hono-openapi';
import { PROBLEM_CONTENT_TYPE } from '../../core/problem.ts';
import { DEADLINE_HEADER, IDEMPOTENCY_KEY_HEADER, IDEMPOTENCY_KEY_LENGTH_MAX } from './call.ts';
import type { Route } from './route.ts';

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

/** Statuses that every route may answer with, and what they mean here. */
const PROBLEMS: Readonly<Record<string, string>> = {
  400: 'Malformed input: what was seen and what is allowed.',
  421: 'Another cell or region serves this; x-holdfast-owner and x-cell-epoch say which.',
  503: 'Refused without an effect, or OUTCOME_UNKNOWN: `effect` says which.',
  504: 'The deadline passed before anything was done.',
};

export function describe(route: Route, resolve: typeof resolver): DescribeRouteOptions {
  const responses: ResponsesWithResolver = {};
  for (const [status, description] of Object.entries(PROBLEMS)) responses[status] = problem(description);
  for (const [status, { description, schema }] of Object.entries(route.responses)) {
    responses[status] = schema
      ? { description, content: { 'application/json': { schema: resolve(schema) } } }
      : problem(description);
  }
  const extension = { 'x-holdfast-policy': route.policy };
  return {
    operationId: route.operation,
    summary: route.summary,
    parameters: [deadlineParameter(route), idempotencyParameter(route)],
    responses,
    ...extension,
  };
}

function problem(description: string): ResponsesWithResolver[string] {
  return { description, content: { [PROBLEM_CONTENT_TYPE]: { schema: PROBLEM_SCHEMA as never } } };
}

function deadlineParameter({ policy }: Route) {
  const schema = { type: 'integer' as const, minimum: 1, maximum: policy.deadlineMs };
  return { in: 'header', name: DEADLINE_HEADER, required: false, schema };
}

function idempotencyParameter({ policy }: Route) {
  const schema = { type: 'string' as const, minLength: 1, maxLength: IDEMPOTENCY_KEY_LENGTH_MAX };
  return { in: 'header', name: IDEMPOTENCY_KEY_HEADER, required: policy.idempotency === 'required', schema };
}
