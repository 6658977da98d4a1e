/**
 * What a function calls outside of itself, read off its code: on which table, in which bucket, whose URL. In the words
 * `<service>:<action> <on what>`, in which `checks/permissions.ts` writes out the policies, too.
 */
import { Program } from './program.ts';
import type { Argument, Doors } from './reading.ts';
import { moduleOf } from './syntax.ts';
import { ELEMENTS, elementsOf, type Thing, textsIn, type Values } from './values.ts';

export interface FunctionCalls {
  readonly calls: readonly string[];
  /** Names of environment variables that it reads. */
  readonly variables: readonly string[];
  /** What could not be followed to its end; anything here makes the rest worth nothing. */
  readonly lost: readonly string[];
}

/** What a call of the port `Table` asks of DynamoDB, but for the two whose writes say it. */
const READS: Readonly<Record<string, string>> = {
  get: 'GetItem',
  getMany: 'BatchGetItem',
  query: 'Query',
  deleteMany: 'BatchWriteItem',
};
const WRITES: Readonly<Record<string, string>> = { put: 'PutItem', delete: 'DeleteItem', check: 'ConditionCheckItem' };

/** Requests of the edge's key-value store, by method and the beginning of the path. Source: "Amazon CloudFront KeyValueStore API". */
const KEY_VALUES: readonly (readonly [string, RegExp, string])[] = [
  ['GET', /^$/, 'DescribeKeyValueStore'],
  ['GET', /^\/keys\/.+/, 'GetKey'],
  ['GET', /^\/keys(\?|$)/, 'ListKeys'],
  ['POST', /^\/keys$/, 'UpdateKeys'],
  ['PUT', /^\/keys\/.+/, 'PutKey'],
  ['DELETE', /^\/keys\/.+/, 'DeleteKey'],
];

/** `change`: as of the entry with another line. */
export async function callsOf(entry: string, change?: (text: string) => string): Promise<FunctionCalls> {
  const calls = new Set<string>();
  const variables = new Set<string>();
  const lost = new Set<string>();
  const tables = new Map<Thing, string>();
  const doors: Doors = {
    settled: () => {
      for (const found of [calls, variables, lost]) found.clear();
    },
    method: ({ receiver, method, args }) => {
      const name = receiver.klass?.name;
      if (name === 'DynamoTable') {
        for (const action of tableActions(method, args))
          calls.add(`dynamodb:${action} ${tables.get(receiver) ?? 'any'}`);
        return true;
      }
      if (name !== 'CallSigner' || method !== 'sign') return false;
      for (const call of signed(args)) calls.add(call);
      return true;
    },
    function: ({ name, args }) => {
      if (name !== 'signGlobally') return false;
      for (const call of keyValueCalls(args)) calls.add(call);
      return true;
    },
    made: (thing, args) => {
      if (thing.klass?.name === 'DynamoTable')
        tables.set(thing, tableNamed(texts(args, 'name')) ?? thing.madeFor ?? 'any');
    },
    constructed: (name, args) => {
      const command = /^@aws-sdk\/client-(\w+)\.(\w+)Command$/.exec(name);
      if (command) calls.add(`${command[1]}:${command[2]} ${command[1] === 's3' ? 'map' : 'anything'}`);
      if (name === 'aws4fetch.AwsClient')
        for (const service of texts(args, 'service')) calls.add(`${service}:url payments`);
    },
    environment: (variable) =>
      variable === null ? lost.add('a variable of the environment') : variables.add(variable),
    lost: (method) => lost.add(method),
  };
  new Program(doors).read(await moduleOf(entry, change));
  return { calls: [...calls].sort(), variables: [...variables].sort(), lost: [...lost].sort() };
}

function tableActions(method: string, args: readonly Argument[]): readonly string[] {
  const read = READS[method];
  if (read) return [read];
  const given = args[0]?.values ?? [];
  const kinds = textsIn(fieldOf(method === 'transact' ? elementsOf(given) : given, 'kind'));
  const known = kinds.flatMap((kind) => WRITES[kind] ?? []);
  // A write that could not be followed may be any.
  return known.length > 0 ? known : Object.values(WRITES);
}

/** A table that has a name of its own is called by it; those of a cell by what they are made for. */
function tableNamed(names: readonly string[]): string | null {
  const [named] = names.filter((name) => name.startsWith('holdfast-') && !name.includes('<>'));
  return named?.slice('holdfast-'.length) ?? null;
}

function signed(args: readonly Argument[]): readonly string[] {
  return texts(args, 'service').flatMap((service) => {
    if (service === 's3')
      return texts(args, 'method').map((method) => (method === 'GET' ? 's3:GetObject map' : `s3:${method} map`));
    const invokes = texts(args, 'url').some((url) => /\/functions\/.*\/invocations(\?|$)/.test(url));
    return [invokes ? 'lambda:InvokeFunction routers' : 'lambda:url cells'];
  });
}

function keyValueCalls(args: readonly Argument[]): readonly string[] {
  const methods = texts(args, 'method');
  const urls = texts(args, 'url').map((url) => url.replace(/^.*\/key-value-stores\/<>/, ''));
  return KEY_VALUES.filter(([method, path]) => methods.includes(method) && urls.some((url) => path.test(url))).map(
    ([, , action]) => `cloudfront-keyvaluestore:${action} edge-map`,
  );
}

const texts = (args: readonly Argument[], field: string) => textsIn(fieldOf(args[0]?.values ?? [], field));

function fieldOf(values: Values, name: string): Values {
  return [...values].flatMap((value) =>
    value.kind === 'thing' ? [...value.field(name), ...value.field(ELEMENTS)] : [],
  );
}
