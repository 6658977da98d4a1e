/**
 * Composition root of `cdk synth` and `cdk deploy`: the topology of platform.config.ts, the bundles of this checkout, the
 * development issuer of whoever runs it. `npx cdk deploy <stack>` makes every template and deploys one;
 * with HOLDFAST_ONLY=<stack> it makes that one alone.
 */
import { join } from 'node:path';
import { openDevIssuer } from '../../local/issuer.ts';
import platform from '../../platform.config.ts';
import { buildApp } from '../app.ts';
import { bundleFunctions } from '../bundle.ts';

const rootDir = process.cwd();
const { issuer, jwks } = await openDevIssuer(join(rootDir, '.holdfast'));
const bundles = await bundleFunctions({ rootDir, topology: platform });
const { CDK_DEFAULT_ACCOUNT: account, HOLDFAST_ONLY: only } = process.env;
buildApp(platform, {
  bundles,
  devIssuer: { issuer, jwks: JSON.stringify(jwks) },
  ...(account ? { account } : {}),
  ...(only ? { only } : {}),
}).synth();
