/** The environment in which each function loads: what its stack sets, read off the template, and what Lambda itself sets. */
import { cellStackName, regionStackName } from '../../core/aws-names.ts';
import { synthesise } from '../../infra/app.ts';
import type { Bundles } from '../../infra/bundle.ts';
import type { FunctionName } from '../../infra/functions.ts';
import platform from '../../platform.config.ts';

/** What is only known once it is deployed is a URL here. */
export function functionEnvironments(bundles: Bundles): ReadonlyMap<FunctionName, Environment> {
  const [cell] = platform.cells;
  if (!cell) throw new RangeError('A topology has a cell.');
  const devIssuer = { issuer: 'http://localhost/issuer', jwks: PUBLIC_KEY };
  const stacks = [cellStackName(cell.id, cell.home), regionStackName(cell.home)].flatMap(
    (only) => synthesise(platform, { bundles, devIssuer, validate: false, only }).stacks,
  );
  const functions = stacks.flatMap(({ template }) => Object.values((template as Template).Resources).flatMap(lambdaOf));
  return new Map(
    functions.map(({ FunctionName: name, Environment: { Variables = {} } = {} }) => {
      const set = Object.entries(Variables).map(([variable, value]) => [variable, knownHere(variable, value)]);
      const lambda = { ...OF_LAMBDA, AWS_REGION: cell.home, AWS_LAMBDA_FUNCTION_NAME: name };
      return [name.split('-').at(-1) as FunctionName, { ...lambda, ...Object.fromEntries(set) }];
    }),
  );
}

type Environment = Readonly<Record<string, string>>;
interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;
}
interface Lambda {
  readonly FunctionName: string;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
}

const lambdaOf = ({ Type, Properties }: Template['Resources'][string]): readonly Lambda[] => {
  const lambda = Properties as Lambda;
  // The CDK's own, which empties a bucket, has a name that CloudFormation makes up.
  return Type === 'AWS::Lambda::Function' && typeof lambda.FunctionName === 'string' ? [lambda] : [];
};

function knownHere(variable: string, value: unknown): string {
  if (variable === 'HOLDFAST_SERVICE_URLS')
    return JSON.stringify({ cart: URL_HERE, catalog: URL_HERE, checkout: URL_HERE });
  if (variable === 'HOLDFAST_MAP_BUCKET') return 'holdfast-map';
  return typeof value === 'string' && !value.startsWith('{{resolve') ? value : URL_HERE;
}

const URL_HERE = 'https://abc.lambda-url.us-east-1.on.aws';
const OF_LAMBDA = {
  ...{ AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' },
  // The runtime's Node is newer than the one that says this.
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};
/** It verifies nothing here; the router wants to have one. */
const PUBLIC_KEY =
  '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"bench","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';
