import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build, stop } from 'esbuild';
import type { RuledSynth } from './synth-under-rules.ts';
import { EVERYTHING, PRODUCTION } from './topologies.ts';

const SYNTH_MS_MAX = 170_000;
const CELL = 'holdfast-cell-c01-us-east-1';

/** All in one process: most of its time goes into starting the engine of the rules. */
const ORDERS = {
  'a sandbox with everything': { aws: EVERYTHING },
  production: { aws: PRODUCTION },
  'the entry by regional routers': { aws: {}, only: 'holdfast-entry' },
  'a cell with a property that does not exist': { aws: {}, only: CELL, flaw: 'not in the schema' },
  'a cell with a queue that anybody may use without TLS': { aws: {}, only: CELL, flaw: 'against good practice' },
} as const satisfies Readonly<Record<string, RuledSynth>>;

/** Under `dist`, so that the program finds the packages. */
async function synthUnderRules(): Promise<ReadonlyMap<string, string | null>> {
  mkdirSync('dist', { recursive: true });
  const dir = mkdtempSync(join('dist', 'synth-under-rules-'));
  try {
    const program = join(dir, 'program.mjs');
    await build({
      ...{ entryPoints: ['test/infra/synth-under-rules.ts'], outfile: program, bundle: true, packages: 'external' },
      ...{ format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning' },
    });
    const orders = JSON.stringify(Object.values(ORDERS));
    const { stdout } = await promisify(execFile)(process.execPath, [program, orders], { timeout: SYNTH_MS_MAX });
    const answers = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly (string | null)[];
    return new Map(Object.keys(ORDERS).map((name, index) => [name, answers[index] ?? null]));
  } finally {
    rmSync(dir, { recursive: true, force: true });
    await stop();
  }
}

describe("CloudFormation's rules and cdk-nag's, as errors", () => {
  let refused: ReadonlyMap<string, string | null> = new Map();
  beforeAll(async () => {
    refused = await synthUnderRules();
  }, SYNTH_MS_MAX);

  test.each(['a sandbox with everything', 'production', 'the entry by regional routers'])('pass %s', (name) => {
    expect(refused.get(name)).toBeNull();
  });

  test.each([
    ['a cell with a property that does not exist', /TopicNam/],
    ['a cell with a queue that anybody may use without TLS', /AwsSolutions-SQS4/],
  ])('refuse %s', (name, finding) => {
    expect(refused.get(name)).toMatch(finding);
  });
});
