import { describe, expect, it } from '@jest/globals';
import {
  checkCoreIsPure,
  checkImportCycles,
  checkImportDirections,
  checkPorts,
  checkSdkImports,
} from './import-rules.ts';
import { checkFileName } from './name-rules.ts';
import { repositoryFiles } from './repository.ts';
import { checkFileLength, checkFunctionLength } from './size-rules.ts';
import type { SourceFile, Violation } from './source-file.ts';
import { checkEmptyCatch, checkHeadComment, checkTypesHold, checkUnfinished } from './style-rules.ts';
import { checkTimeAndChance } from './time-and-chance-rules.ts';

const files = repositoryFiles();

function report(violations: readonly Violation[]): string {
  return violations.map(({ path, line, rule, message }) => `${path}:${line} [${rule}] ${message}`).join('\n');
}

describe('the repository', () => {
  it('is read at all', () => {
    expect(files.map((file) => file.path)).toContain('core/topology.ts');
  });

  it.each<[string, (file: SourceFile) => readonly Violation[]]>([
    ['imports only in the directions of the table', checkImportDirections],
    ['keeps core pure', checkCoreIsPure],
    ['knows the store of a cell by its ports, but for adapters and roots', checkPorts],
    ['imports the AWS SDK in adapters and composition roots only', checkSdkImports],
    ['has no file too long', checkFileLength],
    ['has no function too long', checkFunctionLength],
    ['names its files tellingly, in kebab-case', checkFileName],
    ['takes time and chance as arguments', checkTimeAndChance],
    ['says at the head of each file what it is for', checkHeadComment],
    ['asserts no types away', checkTypesHold],
    ['swallows no error without a reason', checkEmptyCatch],
    ['leaves nothing unfinished', checkUnfinished],
  ])('%s', (_title, rule) => {
    expect(report(files.flatMap(rule))).toBe('');
  });

  it('has no import cycle', () => {
    expect(report(checkImportCycles(files))).toBe('');
  });
});
