/**
 * The code of one function as a tree: everything of ours that its entry reaches in one module, with packages left outside. What a
 * policy must allow is read off this tree.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from '@swc/core';
import { build } from 'esbuild';

export interface Node {
  readonly type: string;
  readonly [part: string]: unknown;
}

export const part = (node: Node, name: string): Node | null => (node[name] ?? null) as Node | null;
export const parts = (node: Node, name: string): readonly (Node | null)[] =>
  (node[name] ?? []) as readonly (Node | null)[];
/** Throws where the grammar promises one. */
export function child(node: Node, name: string): Node {
  const found = part(node, name);
  if (found === null) throw new RangeError(`A ${node.type} without ${name}.`);
  return found;
}

/** One module: of ours with all that it imports, of packages nothing. `change`: the entry as it would be with another line. */
export async function moduleOf(entry: string, change: (text: string) => string = (text) => text): Promise<Node> {
  const { outputFiles } = await build({
    stdin: {
      contents: change(readFileSync(entry, 'utf8')),
      sourcefile: entry,
      resolveDir: dirname(entry),
      loader: 'ts',
    },
    ...{ bundle: true, packages: 'external', write: false, treeShaking: true },
    ...{ format: 'esm', platform: 'node', target: 'node22', logLevel: 'silent' },
  });
  const text = outputFiles[0]?.text ?? '';
  return (await parse(text, { syntax: 'ecmascript', target: 'es2022' })) as unknown as Node;
}

/** Nodes of functions; what stands in one of them is run when it is called. */
const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression', 'MethodProperty']);
const OWN_SCOPE = new Set([...FUNCTIONS, 'ClassMethod', 'PrivateMethod', 'Constructor', 'GetterProperty']);

export const isFunction = (node: Node) => FUNCTIONS.has(node.type);

/** Names that a function (or the module) declares for itself, in whatever block of it: two blocks' same names count as one. */
export function declaredIn(body: readonly (Node | null)[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const node = value as Node;
    switch (node.type) {
      case 'VariableDeclarator':
        namesOfPattern(part(node, 'id'), names);
        break;
      case 'FunctionDeclaration':
      case 'ClassDeclaration':
        names.add(String(part(node, 'identifier')?.value));
        break;
      case 'CatchClause':
        namesOfPattern(part(node, 'param'), names);
    }
    if (OWN_SCOPE.has(node.type)) return;
    for (const inner of Object.values(node)) visit(inner);
  };
  body.forEach(visit);
  return names;
}

/** Where the variables of a pattern stand in it: one below the other, or many. */
const INNER: Readonly<Record<string, string>> = {
  ...{
    ArrayPattern: 'elements',
    ObjectPattern: 'properties',
    KeyValuePatternProperty: 'value',
    RestElement: 'argument',
  },
  ...{ AssignmentPatternProperty: 'key', AssignmentPattern: 'left', Parameter: 'pat' },
};

export function namesOfPattern(pattern: Node | null, names: Set<string>): void {
  if (pattern?.type === 'Identifier') names.add(String(pattern.value));
  const inner = pattern?.[INNER[pattern.type] ?? ''];
  for (const each of Array.isArray(inner) ? inner : [inner ?? null]) {
    if (each !== null) namesOfPattern(each as Node, names);
  }
}

/** The name of a property; a private one with its sign. */
export function keyOf(key: Node): string {
  return key.type === 'PrivateName' ? `#${String(key.value)}` : String(key.value);
}
