/** What Lambda loads: small, without the SDK that the runtime has, and without anything of the platform on one machine. */
import { describe, expect, it } from '@jest/globals';
import { BUNDLE_BYTES_MAX, bundleFunction, FUNCTION_ENTRIES } from '../../bench/init/function-bundles.ts';

describe('the bundle of a function', () => {
  it.each(FUNCTION_ENTRIES)('is small, and holds only what it needs: %s', async (entry) => {
    const { bytes, inputs, text } = await bundleFunction(entry);
    expect(bytes).toBeLessThanOrEqual(BUNDLE_BYTES_MAX);
    expect(inputs.filter((path) => /@aws-sdk|@smithy|^(local|control|cli)\//.test(path))).toEqual([]);
    // Tables are the stacks' to create: a function that could would need the permission.
    expect(/CreateTable|DescribeTable/.exec(text)).toBeNull();
  });
});
