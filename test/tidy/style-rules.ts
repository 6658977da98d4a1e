/** What a reader may rely on in every file: a head that says its job, types that hold, errors that don't vanish. */
import { isNode, type SourceFile, type Violation, walk } from './source-file.ts';

/** Spelled in parts, so that this file does not break its own rule. */
const NOTES_TO_SELF = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['XX', 'X'],
].map((parts) => parts.join(''));
const UNFINISHED = new RegExp(`\\b(${NOTES_TO_SELF.join('|')})\\b`);

export function checkHeadComment(file: SourceFile): readonly Violation[] {
  if (file.path.endsWith('.test.ts')) return [];
  const head = file.lines.find((line) => line.trim() !== '' && !line.startsWith('#!')) ?? '';
  if (/^\s*(\/\*|\/\/)/.test(head)) return [];
  return [{ path: file.path, line: 1, rule: 'head-comment', message: 'begins without a comment that says its job' }];
}

export function checkTypesHold(file: SourceFile): readonly Violation[] {
  const violations: Violation[] = [];
  walk(file.tree, (node) => {
    const line = file.lineOf(node);
    if (node.type === 'TsKeywordType' && node.kind === 'any') {
      violations.push({ path: file.path, line, rule: 'no-any', message: 'uses `any`; use `unknown` and look' });
    }
    if (node.type === 'TsNonNullExpression') {
      const message = 'asserts non-null with `!`; handle the case, or use `invariant`';
      violations.push({ path: file.path, line, rule: 'no-non-null', message });
    }
    if (node.type === 'TsEnumDeclaration') {
      violations.push({ path: file.path, line, rule: 'no-enum', message: 'declares an enum; use a union of literals' });
    }
  });
  return violations;
}

/** A catch block that does nothing must say why nothing is right. */
export function checkEmptyCatch(file: SourceFile): readonly Violation[] {
  const violations: Violation[] = [];
  walk(file.tree, (node) => {
    if (node.type !== 'CatchClause' || !isNode(node.body)) return;
    if (Array.isArray(node.body.stmts) && node.body.stmts.length > 0) return;
    const [first, last] = [file.lineOf(node.body), file.lastLineOf(node.body)];
    if (/\/\/|\/\*/.test(file.lines.slice(first - 1, last).join('\n'))) return;
    const message = 'swallows an error without a comment that says why';
    violations.push({ path: file.path, line: first, rule: 'empty-catch', message });
  });
  return violations;
}

export function checkUnfinished(file: SourceFile): readonly Violation[] {
  return file.lines.flatMap((line, index) => {
    if (!UNFINISHED.test(line)) return [];
    const message = 'leaves a note to self; do it, or open an issue';
    return [{ path: file.path, line: index + 1, rule: 'unfinished', message }];
  });
}
