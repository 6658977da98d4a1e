/**
 * Composition root of `cdk synth` and `cdk deploy`: the topology of platform.config.ts, the bundles of this checkout, the
 * development issuer of whoever runs it. `npx cdk deploy --all` deploys everything; `npx cdk deploy -e <stack>` makes every template
 * and deploys one of them; with HOLDFAST_ONLY=<stack> only that one is made.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAP_OBJECT } from '../../core/aws-names.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import platform from '../../platform.config.ts';
import { buildApp } from '../app.ts';
import { bundleFunctions } from '../bundle.ts';

const rootDir = process.cwd();
const stateDir = join(rootDir, '.holdfast');
const { issuer, jwks } = await openDevIssuer(stateDir);
const bundles = await bundleFunctions({ rootDir, topology: platform, ...publishedMap() });
const { CDK_DEFAULT_ACCOUNT: account, HOLDFAST_ONLY: only } = process.env;
buildApp(platform, {
  bundles,
  devIssuer: { issuer, jwks: JSON.stringify(jwks) },
  ...(account ? { account } : {}),
  ...(only ? { only } : {}),
}).synth();

/**
 * What a publisher wrote, where somebody has fetched it (`aws s3 cp s3://holdfast-map-<account>-<region>/map.json .holdfast/`):
 * routers that begin while their bucket does not answer then serve from it.
 */
function publishedMap(): { readonly snapshot?: string } {
  const path = join(stateDir, MAP_OBJECT);
  return existsSync(path) ? { snapshot: readFileSync(path, 'utf8') } : {};
}
