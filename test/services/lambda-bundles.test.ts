/** What Lambda loads: small, without the SDK that the runtime has, and without anything of the platform on one machine. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { BUNDLE_BYTES_MAX } from '../../infra/bundle.ts';
import { type BundledCode, buildFunctions } from '../../infra/bundle-functions.ts';
import { FUNCTIONS, type FunctionName } from '../../infra/functions.ts';

describe('the bundle of a function', () => {
  let bundles: ReadonlyMap<FunctionName, BundledCode> = new Map();
  beforeAll(async () => {
    bundles = await buildFunctions(process.cwd());
  });

  it.each(FUNCTIONS.map(({ name }) => name))('is small, and holds only what it needs: %s', (name) => {
    const { code, inputs } = bundles.get(name) ?? { code: '', inputs: [] };
    expect(inputs.length).toBeGreaterThan(5);
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(BUNDLE_BYTES_MAX);
    const control = name === 'publisher' ? '' : 'control|';
    expect(inputs.filter((path) => new RegExp(`@aws-sdk|@smithy|^(local|${control}cli)/`).test(path))).toEqual([]);
    // Tables are the stacks' to create: a function that could would need the permission.
    expect(/CreateTable|DescribeTable/.exec(code)).toBeNull();
  });
});
