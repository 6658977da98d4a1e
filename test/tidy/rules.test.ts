import { describe, expect, it } from '@jest/globals';
import {
  checkCoreIsPure,
  checkImportCycles,
  checkImportDirections,
  checkPorts,
  checkSdkImports,
} from './import-rules.ts';
import { checkFileName } from './name-rules.ts';
import { checkFileLength, checkFunctionLength, FILE_LINES_MAX, FUNCTION_LINES_MAX } from './size-rules.ts';
import { type SourceFile, sourceFile, type Violation } from './source-file.ts';
import { checkEmptyCatch, checkHeadComment, checkTypesHold, checkUnfinished } from './style-rules.ts';
import { checkTimeAndChance } from './time-and-chance-rules.ts';

type Rule = (file: SourceFile) => readonly Violation[];
interface Snippet {
  readonly why: string;
  readonly path: string;
  readonly text: string;
}

const snippet = (why: string, path: string, text: string): Snippet => ({ why, path, text });
const note = (word: string) => `const a = 1; // ${word}: later\n`;
const longFunction = (lines: number) => `function f() {\n${'  g();\n'.repeat(lines - 2)}}\n`;

const RULES: readonly { readonly rule: Rule; readonly good: readonly Snippet[]; readonly bad: readonly Snippet[] }[] = [
  {
    rule: checkImportDirections,
    good: [
      snippet('downwards', 'cell/store.ts', "import { a } from '../core/ids.ts';\n"),
      snippet('within its folder', 'core/lease.ts', "import { a } from './ids.ts';\n"),
      snippet(
        'a checker of the history',
        'drills/checkers/a.ts',
        "import type { A } from '../history/operation.ts';\n",
      ),
      snippet('a host of everything', 'local/hosts/a.ts', "import { a } from '../../cell/runtime.ts';\n"),
    ],
    bad: [
      snippet('upwards', 'core/ids.ts', "import { a } from '../cell/store.ts';\n"),
      snippet('a router of control', 'router/resolve.ts', "import type { A } from '../control/main.ts';\n"),
      snippet('a router of control, late', 'router/resolve.ts', "const a = await import('../control/main.ts');\n"),
      snippet('a router of control, passed on', 'router/resolve.ts', "export * from '../control/main.ts';\n"),
      snippet('a checker of the load', 'drills/checkers/a.ts', "import { a } from '../workload/shop.ts';\n"),
      snippet('the supervisor of a cell', 'local/supervisor/a.ts', "import { a } from '../../cell/runtime.ts';\n"),
      snippet('a folder that nobody knows', 'extra/a.ts', 'export {};\n'),
    ],
  },
  {
    rule: checkCoreIsPure,
    good: [snippet('a neighbour', 'core/a.ts', "import { b } from './b.ts';\n")],
    bad: [
      snippet('a package', 'core/a.ts', "import { z } from 'zod';\n"),
      snippet('a module of Node', 'core/a.ts', "import { readFileSync } from 'node:fs';\n"),
    ],
  },
  {
    rule: checkSdkImports,
    good: [
      snippet('the store', 'cell/table/a.ts', "import { A } from '@aws-sdk/client-dynamodb';\n"),
      snippet('an adapter', 'control/adapters/a.ts', "import { A } from '@aws-sdk/client-dynamodb';\n"),
      snippet('a composition root', 'control/main.ts', "import { A } from '@aws-sdk/client-dynamodb';\n"),
    ],
    bad: [
      snippet('a service', 'services/cart/a.ts', "import { A } from '@aws-sdk/client-dynamodb';\n"),
      snippet('the coordinator', 'control/failover/a.ts', "import type { A } from '@aws-sdk/client-dynamodb';\n"),
    ],
  },
  {
    rule: checkPorts,
    good: [
      snippet('the port as a type', 'services/cart/a.ts', "import type { A } from '../../cell/cell-store.ts';\n"),
      snippet('the runtime in a root', 'services/cart/main.ts', "import { a } from '../../cell/runtime.ts';\n"),
      snippet('an adapter', 'control/adapters/a.ts', "import { a } from '../../cell/store/b.ts';\n"),
    ],
    bad: [
      snippet('the store in a service', 'services/cart/a.ts', "import { A } from '../../cell/store/b.ts';\n"),
      snippet('the store in the coordinator', 'control/failover/a.ts', "import { A } from '../../cell/store/b.ts';\n"),
    ],
  },
  {
    rule: checkFileLength,
    good: [
      snippet('at the limit', 'core/a.ts', '// a\n'.repeat(FILE_LINES_MAX)),
      snippet('with a reason', 'core/a.ts', `/** Long because it is a table. */\n${'// a\n'.repeat(FILE_LINES_MAX)}`),
    ],
    bad: [snippet('over the limit', 'core/a.ts', '// a\n'.repeat(FILE_LINES_MAX + 1))],
  },
  {
    rule: checkFunctionLength,
    good: [snippet('at the limit', 'core/a.ts', longFunction(FUNCTION_LINES_MAX))],
    bad: [
      snippet('over the limit', 'core/a.ts', longFunction(FUNCTION_LINES_MAX + 1)),
      snippet('a method', 'core/a.ts', `class A {\n  m() {\n${'    g();\n'.repeat(FUNCTION_LINES_MAX)}  }\n}\n`),
      snippet('an arrow', 'core/a.ts', `const f = () => {\n${'  g();\n'.repeat(FUNCTION_LINES_MAX)}};\n`),
    ],
  },
  {
    rule: checkFileName,
    good: [
      snippet('kebab-case', 'core/lease-watch.ts', ''),
      snippet('a test', 'test/core/lease-watch.test.ts', ''),
      snippet('the configuration', 'platform.config.ts', ''),
    ],
    bad: [
      snippet('camelCase', 'core/leaseWatch.ts', ''),
      snippet('snake_case', 'core/lease_watch.ts', ''),
      snippet('a name that says nothing', 'core/utils.ts', ''),
      snippet('a folder that says nothing', 'core/helpers/lease.ts', ''),
    ],
  },
  {
    rule: checkTimeAndChance,
    good: [
      snippet('the clock itself', 'core/clock.ts', 'export const now = () => Date.now();\n'),
      snippet('an injected clock', 'cell/a.ts', 'await clock.sleep(5);\nclock.monotonicMs();\n'),
      snippet('a date of a record', 'cell/a.ts', 'export const day = new Date(record.atMs);\n'),
      snippet('in words', 'cell/a.ts', '// Date.now() and Math.random() are banned.\n'),
    ],
    bad: [
      snippet('the wall clock', 'cell/a.ts', 'const a = Date.now();\n'),
      snippet('the wall clock, passed on', 'cell/a.ts', 'const now = Date.now;\n'),
      snippet('the wall clock as a date', 'cell/a.ts', 'const a = new Date();\n'),
      snippet('chance', 'router/a.ts', 'const a = Math.random();\n'),
      snippet('a timer', 'control/a.ts', 'setTimeout(() => go(), 5);\n'),
      snippet('an interval', 'services/a.ts', 'setInterval(() => go(), 5);\n'),
    ],
  },
  {
    rule: checkHeadComment,
    good: [
      snippet('a comment', 'core/a.ts', '/** Does it. */\nexport {};\n'),
      snippet('a comment after the interpreter', 'cli/a.ts', '#!/usr/bin/env node\n// Does it.\nexport {};\n'),
      snippet('a test, whose titles say it', 'test/core/a.test.ts', 'export {};\n'),
    ],
    bad: [snippet('none', 'core/a.ts', "import { b } from './b.ts';\n/** Does it. */\n")],
  },
  {
    rule: checkTypesHold,
    good: [snippet('a look', 'core/a.ts', 'export function f(a: unknown) { return a !== 1 && !a; } // any\n')],
    bad: [
      snippet('any', 'core/a.ts', 'export function f(a: any) { return a; }\n'),
      snippet('any, within', 'core/a.ts', 'export const f = (a: ReadonlyMap<string, any[]>) => a;\n'),
      snippet('a cast', 'core/a.ts', 'export const a = JSON.parse("1") as any;\n'),
      snippet('non-null', 'core/a.ts', 'export const b = f(a!.b, 1);\n'),
      snippet('an enum', 'core/a.ts', 'enum A { B }\n'),
    ],
  },
  {
    rule: checkEmptyCatch,
    good: [
      snippet('a reason', 'core/a.ts', 'try {\n  f();\n} catch {\n  // Gone already.\n}\n'),
      snippet('an answer', 'core/a.ts', 'try {\n  f();\n} catch {\n  g();\n}\n'),
    ],
    bad: [snippet('nothing', 'core/a.ts', '// é\ntry {\n  f();\n} catch {\n}\n')],
  },
  {
    rule: checkUnfinished,
    good: [snippet('a plan', 'core/a.ts', note('A todo list is a service'))],
    bad: [
      snippet('a note', 'core/a.ts', note(['TO', 'DO'].join(''))),
      snippet('a defect', 'core/a.ts', note(['FIX', 'ME'].join(''))),
    ],
  },
];

describe.each(RULES.map((each) => ({ ...each, name: each.rule.name })))('$name', ({ rule, good, bad }) => {
  it.each(good)('passes: $why', ({ path, text }) => {
    expect(rule(sourceFile(path, text))).toEqual([]);
  });

  it.each(bad)('finds: $why', ({ path, text }) => {
    const [violation] = rule(sourceFile(path, text));
    expect(violation).toMatchObject({ path, line: expect.any(Number), rule: expect.any(String) });
  });
});

describe('checkImportCycles', () => {
  const a = sourceFile('core/a.ts', "import { b } from './b.ts';\n");
  const b = sourceFile('core/b.ts', "export { c } from './c.ts';\n");

  it('finds a cycle over several files and names it', () => {
    const c = sourceFile('core/c.ts', "import { a } from './a.ts';\n");
    expect(checkImportCycles([a, b, c]).map(({ message }) => message)).toEqual([
      'core/a.ts → core/b.ts → core/c.ts → core/a.ts',
    ]);
  });

  it('passes a shared import, and types that refer to each other', () => {
    const c = sourceFile('core/c.ts', "import type { A } from './a.ts';\nimport { type B } from './b.ts';\n");
    const d = sourceFile('core/d.ts', "import { b } from './b.ts';\n");
    expect(checkImportCycles([a, b, c, d])).toEqual([]);
  });
});

describe('sourceFile', () => {
  it('finds the line of a node behind characters of several bytes', () => {
    const file = sourceFile('core/a.ts', '// ééé ─── …\n\nconst a = 1;\nexport const b = a!;\n');
    expect(checkTypesHold(file)[0]?.line).toBe(4);
  });
});
