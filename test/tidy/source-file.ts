/** A file of this repository as the rules see it: its text, its lines, its syntax tree, and what it imports. */
import { posix } from 'node:path';
import { parseSync } from '@swc/core';

export interface SyntaxNode {
  readonly type: string;
  readonly span?: { readonly start: number; readonly end: number };
  readonly [key: string]: unknown;
}

export interface ImportSite {
  /** As written. */
  readonly specifier: string;
  /** Path within the repository of what a relative import means; `null` for a package. */
  readonly target: string | null;
  /** Erased by the compiler: no code of the target is loaded. */
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: SyntaxNode;
  readonly imports: readonly ImportSite[];
  readonly lineOf: (node: SyntaxNode) => number;
  readonly lastLineOf: (node: SyntaxNode) => number;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

export function sourceFile(path: string, text: string): SourceFile {
  const tree = parseSync(text, { syntax: 'typescript', target: 'es2022' }) as unknown as SyntaxNode;
  const lineAt = lineFinder(text);
  const lineOf = (node: SyntaxNode) => lineAt(node.span?.start ?? 1);
  const lastLineOf = (node: SyntaxNode) => lineAt((node.span?.end ?? 2) - 1);
  const imports = importsOf(tree, { path, lineOf });
  return { path, text, lines: text.split('\n'), tree, imports, lineOf, lastLineOf };
}

/** Calls `visit` for every node, parents first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const child of Object.values(node)) {
    for (const each of Array.isArray(child) ? child : [child]) {
      if (isNode(each)) walk(each, visit);
      // The parser wraps an argument of a call as { spread, expression }.
      else if (isNode((each as { expression?: unknown } | null)?.expression)) {
        walk((each as { expression: SyntaxNode }).expression, visit);
      }
    }
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** Positions of this parser are bytes, counted from 1. */
function lineFinder(text: string): (position: number) => number {
  const bytes = Buffer.from(text);
  const starts = [1];
  bytes.forEach((byte, index) => {
    if (byte === 0x0a) starts.push(index + 2);
  });
  return (position) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

interface Place {
  readonly path: string;
  readonly lineOf: (node: SyntaxNode) => number;
}

function importsOf(tree: SyntaxNode, { path, lineOf }: Place): readonly ImportSite[] {
  const sites: ImportSite[] = [];
  const add = (node: SyntaxNode, { source, typeOnly }: { source: unknown; typeOnly: boolean }) => {
    const specifier = (source as { value?: unknown } | null)?.value;
    if (typeof specifier !== 'string') return;
    const target = specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : null;
    sites.push({ specifier, target, typeOnly, line: lineOf(node) });
  };
  walk(tree, (node) => {
    if (node.type === 'ImportDeclaration') add(node, { source: node.source, typeOnly: isErased(node) });
    if (node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration') {
      add(node, { source: node.source, typeOnly: node.typeOnly === true });
    }
    if (node.type === 'TsImportType') add(node, { source: node.argument, typeOnly: true });
    if (node.type === 'CallExpression' && (node.callee as SyntaxNode).type === 'Import') {
      const [first] = node.arguments as readonly { expression: unknown }[];
      add(node, { source: first?.expression, typeOnly: false });
    }
  });
  return sites;
}

function isErased(node: SyntaxNode): boolean {
  const specifiers = node.specifiers as readonly { isTypeOnly?: boolean }[];
  return node.typeOnly === true || (specifiers.length > 0 && specifiers.every((each) => each.isTypeOnly === true));
}
