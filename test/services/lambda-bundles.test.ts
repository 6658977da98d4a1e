/** What Lambda loads: small, without the SDK that the runtime has, and without anything of the platform on one machine. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { stop } from 'esbuild';
import { functionEnvironments } from '../../bench/init/function-environments.ts';
import { BUNDLE_BYTES_MAX, bundleFunctions } from '../../infra/bundle.ts';
import { type BundledCode, buildFunctions } from '../../infra/bundle-functions.ts';
import { FUNCTIONS, type FunctionName } from '../../infra/functions.ts';
import platform from '../../platform.config.ts';

const run = promisify(execFile);

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

  /** As on Lambda: a folder of its own, the SDK found by NODE_PATH, the environment that the stack sets. */
  it('loads with what its stack sets, and has a handler', async () => {
    const made = await bundleFunctions({ rootDir: process.cwd(), topology: platform });
    const environments = functionEnvironments(made);
    expect([...environments.keys()].toSorted()).toEqual(FUNCTIONS.map(({ name }) => name).toSorted());
    const task = mkdtempSync(join(tmpdir(), 'holdfast-task-'));
    try {
      const loaded = [...made.functions].map(async ([name, { dir }]) => {
        cpSync(dir, join(task, name), { recursive: true });
        const program = `process.stdout.write(typeof (await import('${join(task, name, 'index.mjs')}')).handler); process.exit(0);`;
        const env = {
          ...environments.get(name),
          NODE_PATH: join(process.cwd(), 'node_modules'),
          PATH: process.env.PATH ?? '',
        };
        const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { env, cwd: task });
        return [name, stdout];
      });
      expect(await Promise.all(loaded)).toEqual(FUNCTIONS.map(({ name }) => [name, 'function']));
    } finally {
      rmSync(task, { recursive: true, force: true });
      await stop();
    }
  }, 60_000);
});
