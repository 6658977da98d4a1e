/** Sizes: a file that one reads in one go, a function that one sees at once. */
import { isNode, type SourceFile, type Violation, walk } from './source-file.ts';

export const FILE_LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 70;
/** A file that is longer with good reason says so near its head. */
const EXCUSE = /Long because/;
const HEAD_LINES = 20;

const FUNCTIONS = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'Constructor',
  'MethodProperty',
]);

export function checkFileLength(file: SourceFile): readonly Violation[] {
  // The text ends with a line break, so the last of the split lines is empty.
  const lines = file.lines.length - 1;
  if (lines <= FILE_LINES_MAX || file.lines.slice(0, HEAD_LINES).some((line) => EXCUSE.test(line))) return [];
  const message = `has ${lines} lines; allowed: ${FILE_LINES_MAX}, or a line "Long because …" at its head`;
  return [{ path: file.path, line: 1, rule: 'file-length', message }];
}

/** Tests are exempt: the function of a `describe` is a page, not a function. */
export function checkFunctionLength(file: SourceFile): readonly Violation[] {
  if (file.path.startsWith('test/')) return [];
  const violations: Violation[] = [];
  walk(file.tree, (node) => {
    if (!FUNCTIONS.has(node.type)) return;
    // The parser gives the function of a method no span of its own.
    const inner = isNode(node.function) ? node.function : node;
    const measured = node.span ? node : inner;
    const lines = file.lastLineOf(measured) - file.lineOf(measured) + 1;
    if (lines <= FUNCTION_LINES_MAX) return;
    const message = `a function has ${lines} lines; allowed: ${FUNCTION_LINES_MAX}`;
    violations.push({ path: file.path, line: file.lineOf(measured), rule: 'function-length', message });
  });
  return violations;
}
