/** The build, in a small project of its own beside the real dependencies. */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'test-local-build-'));
  for (const folder of ['local', 'core', 'cli', 'control']) mkdirSync(join(dir, folder));
  copyFileSync(join(ROOT, 'local', 'build.mjs'), join(dir, 'local', 'build.mjs'));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'core', 'word.ts'), "export const word: string = 'one';\n");
  writeFileSync(join(dir, 'cli', 'main.ts'), "import { word } from '../core/word.ts';\nconsole.log(word);\n");
  writeFileSync(join(dir, 'control', 'main.ts'), "import { word } from '../core/word.ts';\nconsole.log(word);\n");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const build = async () => (await run(process.execPath, [join(dir, 'local', 'build.mjs')])).stdout.trim();
const main = async () => (await run(process.execPath, [join(dir, 'dist', 'cli', 'main.js')])).stdout.trim();

describe('the build', () => {
  it('builds once, and again only when a source has changed', async () => {
    expect(await build()).toBe('Built dist/.');
    expect(await main()).toBe('one');
    expect(await build()).toBe('dist/ is up to date.');
    const word = join(dir, 'core', 'word.ts');
    const before = statSync(word).mtimeMs;
    writeFileSync(word, "export const word: string = 'two';\n");
    // A file system may count time in coarse steps.
    utimesSync(word, before / 1_000 + 2, before / 1_000 + 2);
    expect(await build()).toBe('Built dist/.');
    expect(await main()).toBe('two');
  });

  it('survives several at once', async () => {
    const built = await Promise.all([build(), build(), build()]);
    expect(built.filter((said) => said === 'Built dist/.').length).toBe(1);
    expect(await main()).toBe('one');
  });

  it('takes over the lock of a build that was killed', async () => {
    mkdirSync(join(dir, '.holdfast'));
    writeFileSync(join(dir, '.holdfast', 'build.lock'), '999999999');
    expect(await build()).toBe('Built dist/.');
  });
});
