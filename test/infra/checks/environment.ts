/**
 * What a stack sets is read by the code, and what the code reads is set. Which variables those are is read off the code
 * (`calls/function-calls.ts`); what is read without being set, or set without being read, has its reason below.
 */
import { objectOf } from '../intrinsics.ts';
import { type Finding, resourcesOf, type Template } from '../templates.ts';

/** Of each function, by the last part of its name. */
export type VariablesByFunction = ReadonlyMap<string, readonly string[]>;

/** Source: Lambda developer guide, "Defined runtime environment variables". */
const BY_LAMBDA = [
  ...['AWS_REGION', 'AWS_LAMBDA_FUNCTION_NAME'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
];
/** Read by the extension of AWS FIS, which stands before the code. */
const BY_THE_EXTENSION = ['AWS_LAMBDA_EXEC_WRAPPER', 'AWS_FIS_CONFIGURATION_LOCATION'];

/** Read, and set by some deployments only: what then holds instead. */
const OPTIONAL: Readonly<Record<string, string>> = {
  HOLDFAST_STORE_URL: 'an engine on one machine; on AWS the region names the endpoint',
  HOLDFAST_PEER_STORE_URL: 'an engine on one machine; on AWS the region names the endpoint',
  HOLDFAST_ARBITER_URL: 'an engine on one machine; on AWS the region names the endpoint',
  HOLDFAST_LKG_PATH: 'the last known good documents are kept below /tmp',
  HOLDFAST_BREAK_GLASS: 'nothing is laid over the published modes; an operator may set it on the function by hand',
  HOLDFAST_BREAK_GLASS_PATH: 'a file on a host; a function has none',
  HOLDFAST_RECONCILE: 'automatic; an operator may set it on the function by hand',
  HOLDFAST_JWKS: 'the keys of an identity provider are fetched instead (HOLDFAST_JWKS_URL)',
  HOLDFAST_JWKS_URL: 'the keys of the development issuer are given instead (HOLDFAST_JWKS)',
  HOLDFAST_KVS_ARN: 'there is no edge router',
};

export function checkEnvironment(template: Template, variables: VariablesByFunction): readonly Finding[] {
  return resourcesOf(template, 'AWS::Lambda::Function').flatMap(([, { FunctionName, Environment }]) => {
    // The CDK's own, which empties a bucket, has a name that CloudFormation makes up.
    if (typeof FunctionName !== 'string') return [];
    const read = variables.get(FunctionName.split('-').at(-1) ?? '');
    if (!read) return [`${FunctionName}: nobody knows what its code reads`];
    const set = Object.keys(objectOf(objectOf(Environment).Variables));
    const wanted = read.filter((name) => !BY_LAMBDA.includes(name) && !(name in OPTIONAL));
    return [
      ...wanted
        .filter((name) => !set.includes(name))
        .map((name) => `${FunctionName}: reads ${name}, which nobody sets`),
      ...set
        .filter((name) => !read.includes(name) && !BY_THE_EXTENSION.includes(name))
        .map((name) => `${FunctionName}: is told ${name}, which it does not read`),
    ];
  });
}

/** What is excused above and never read is an excuse for nothing. */
export function idleExcuses(variables: VariablesByFunction): readonly Finding[] {
  const read = new Set([...variables.values()].flat());
  return [...Object.keys(OPTIONAL), ...BY_LAMBDA].filter((name) => !read.has(name));
}
