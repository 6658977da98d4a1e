/**
 * What `npm test` runs: type check, lint, build, then all tests in one go. Every stage runs even when an earlier one
 * failed, so that one run shows everything. The last line is always `N passed, N failed[, N skipped]`, taken from jest's
 * own results; the exit code is 0 only when every stage and every test passed and at least one test ran.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Runs a program with our output; resolves with its exit code (128 + n when a signal ended it). */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}. Run "npm ci" first.`);
      resolve(127);
    });
    child.on('close', (code, signal) => resolve(signal ? 128 : (code ?? 1)));
  });
}

async function stage(name, work) {
  console.log(`\n── ${name}`);
  const startedMs = performance.now();
  const code = await work();
  return { name, ok: code === 0, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) };
}

function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    console.error(`jest left no results (${error.message}): it ended before the tests did.`);
    return null;
  }
}

/** A suite that could not be loaded has no tests of its own; it counts as one failure, or it would vanish from the sum. */
function count(results) {
  if (!results) return { passed: 0, failed: 1, skipped: 0 };
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/** A skipped test says why in its own title or that of its group: `… (skipped: no Java 17 found)`. */
function printSkips(results) {
  for (const suite of results?.testResults ?? []) {
    const skipped = suite.assertionResults.filter((test) => test.status === 'pending' || test.status === 'todo');
    const groups = new Map();
    for (const test of skipped) {
      const reason = test.fullName.match(/\(skipped: ([^)]+)\)/)?.[1] ?? `no reason given: ${test.fullName}`;
      groups.set(reason, (groups.get(reason) ?? 0) + 1);
    }
    for (const [reason, times] of groups) console.log(`skipped ${times} in ${relative(root, suite.name)}: ${reason}`);
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
const resultsPath = join(scratch, 'results.json');
const jestArgs = [
  join(root, 'node_modules/jest/bin/jest.js'),
  '-c',
  'jest.config.mjs',
  '--json',
  '--outputFile',
  resultsPath,
];

// jest hands these on to its workers, where an environment variable would reach the processes that tests start, too.
const nodeFlags = ['--experimental-vm-modules'];
if (process.allowedNodeEnvironmentFlags.has('--disable-warning'))
  nodeFlags.push('--disable-warning=ExperimentalWarning');

const stages = [
  await stage('types (tsc --noEmit)', () => run(bin('tsc'), ['--noEmit'])),
  await stage('lint and format (biome check)', () => run(bin('biome'), ['check', '.'])),
  await stage('build (esbuild)', () => run(process.execPath, ['local/build.mjs'])),
  await stage('tests (jest)', () => run(process.execPath, [...nodeFlags, ...jestArgs, ...process.argv.slice(2)])),
];
const results = readResults(resultsPath);
rmSync(scratch, { recursive: true, force: true });
const { passed, failed, skipped } = count(results);

console.log('');
for (const { name, ok, seconds } of stages) console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}, ${seconds} s`);
printSkips(results);
if (passed === 0) console.error('No test passed: a run without tests shows nothing and counts as failed.');
process.exitCode = stages.every((each) => each.ok) && failed === 0 && passed > 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
