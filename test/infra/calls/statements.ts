/** What a statement does to the variables around it. Every branch is taken. */
import { classOf } from './classes.ts';
import type { Reading } from './reading.ts';
import { child, type Node, part, parts } from './syntax.ts';
import { elementsOf, type Frame, together } from './values.ts';

/** Parts that are statements, in whatever statement they stand; and those that are expressions. */
const STATEMENTS = ['stmts', 'consequent', 'alternate', 'body', 'block', 'handler', 'finalizer', 'cases'];
const EXPRESSIONS = ['expression', 'test', 'init', 'update', 'discriminant', 'argument'];

type Execute = (program: Reading, node: Node, frame: Frame) => void;

/** Those that declare, give back, or give each of many. */
const SPECIAL: Readonly<Record<string, Execute>> = {
  ImportDeclaration: imports,
  ExportDeclaration: (program, node, frame) => program.execute(child(node, 'declaration'), frame),
  ExportNamedDeclaration: (program, node, frame) => {
    for (const specifier of parts(node, 'specifiers') as readonly Node[]) {
      program.escape(frame.find(String(part(specifier, 'orig')?.value)) ?? []);
    }
  },
  VariableDeclaration: (program, node, frame) => {
    for (const declarator of parts(node, 'declarations') as readonly Node[]) declare(program, declarator, frame);
  },
  FunctionDeclaration: (program, node, frame) =>
    frame.find(String(child(node, 'identifier').value))?.give([program.func(node, frame)]),
  ClassDeclaration: (program, node, frame) =>
    frame.find(String(child(node, 'identifier').value))?.give([classOf(program, node, frame)]),
  ReturnStatement: (program, node, frame) => {
    const argument = part(node, 'argument');
    if (argument) frame.returned.give(program.evaluate(argument, frame));
  },
  ForOfStatement: each,
  ForInStatement: each,
};

export function execute(program: Reading, node: Node, frame: Frame): void {
  const special = SPECIAL[node.type];
  if (special) {
    special(program, node, frame);
    return;
  }
  for (const name of EXPRESSIONS) {
    const inner = part(node, name);
    if (inner === null) continue;
    // A loop may begin with a declaration.
    if (inner.type === 'VariableDeclaration') program.execute(inner, frame);
    else program.evaluate(inner, frame);
  }
  for (const name of STATEMENTS) {
    const inner = node[name];
    for (const each of Array.isArray(inner) ? inner : [inner]) if (each) program.execute(each as Node, frame);
  }
}

function each(program: Reading, node: Node, frame: Frame): void {
  const listed = program.evaluate(child(node, 'right'), frame);
  const left = child(node, 'left');
  const pattern = left.type === 'VariableDeclaration' ? child(parts(left, 'declarations')[0] as Node, 'id') : left;
  program.bind({ pattern, values: together(elementsOf(listed), listed), frame });
  program.execute(child(node, 'body'), frame);
}

function imports(program: Reading, node: Node, frame: Frame): void {
  const from = String(child(node, 'source').value);
  for (const specifier of parts(node, 'specifiers') as readonly Node[]) {
    const local = String(child(specifier, 'local').value);
    const whole = specifier.type === 'ImportNamespaceSpecifier';
    const imported =
      specifier.type === 'ImportDefaultSpecifier' ? 'default' : (part(specifier, 'imported')?.value ?? local);
    const bare = from.replace(/^node:/, '');
    // Node's own `process` is the global one.
    const name =
      bare === 'process' ? `process${whole || imported === 'default' ? '' : `.${imported}`}` : `${from}.${imported}`;
    frame.find(local)?.give([program.outside(whole && bare !== 'process' ? from : name)]);
  }
}

function declare(program: Reading, declarator: Node, frame: Frame): void {
  const [pattern, init] = [child(declarator, 'id'), part(declarator, 'init')];
  if (init === null) return;
  if (pattern.type === 'Identifier') program.madeFor(init, String(pattern.value));
  program.bind({ pattern, values: program.evaluate(init, frame), frame });
}
