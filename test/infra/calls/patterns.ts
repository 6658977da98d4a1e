/** Where values go: into a variable, into the parts of a pattern, into a property. */
import type { Binding, Reading } from './reading.ts';
import { child, keyOf, type Node, part, parts } from './syntax.ts';
import { elementsOf, type Frame, textsIn, together } from './values.ts';

export function bind(program: Reading, { pattern, values, frame }: Binding): void {
  switch (pattern.type) {
    case 'Identifier':
      frame.find(String(pattern.value))?.give(values);
      return;
    case 'AssignmentPattern': {
      const byDefault = program.evaluate(child(pattern, 'right'), frame);
      program.bind({ pattern: child(pattern, 'left'), values: together(values, byDefault), frame });
      return;
    }
    case 'ObjectPattern':
      for (const property of parts(pattern, 'properties')) bindProperty(program, property as Node, { values, frame });
      return;
    case 'ArrayPattern':
      // Of a pair from a list of pairs the list may hold the parts themselves.
      for (const element of parts(pattern, 'elements')) {
        if (element) program.bind({ pattern: element, values: together(elementsOf(values), values), frame });
      }
      return;
    case 'RestElement':
      program.bind({ pattern: child(pattern, 'argument'), values, frame });
      return;
    case 'MemberExpression': {
      const name = propertyName(program, child(pattern, 'property'), frame);
      for (const owner of program.evaluate(child(pattern, 'object'), frame)) {
        if (owner.kind === 'thing') owner.field(name[0] ?? '*').give(values);
      }
      return;
    }
    default:
      program.evaluate(pattern, frame);
  }
}

function bindProperty(program: Reading, property: Node, { values, frame }: Omit<Binding, 'pattern'>): void {
  if (property.type === 'RestElement') {
    // What is taken out beside it is still in it: that is more than there is, never less.
    program.bind({ pattern: child(property, 'argument'), values, frame });
    return;
  }
  const key = child(property, 'key');
  const found = together(...[...values].map((value) => program.property(value, keyOf(key))));
  const inner = part(property, 'value');
  if (property.type === 'KeyValuePatternProperty') {
    program.bind({ pattern: child(property, 'value'), values: found, frame });
    return;
  }
  const byDefault = inner ? program.evaluate(inner, frame) : [];
  program.bind({ pattern: key, values: together(found, byDefault), frame });
}

/** Names that a property may have; none: any. */
export function propertyName(program: Reading, property: Node, frame: Frame): readonly string[] {
  if (property.type !== 'Computed') return [keyOf(property)];
  return textsIn(program.evaluate(child(property, 'expression'), frame));
}
