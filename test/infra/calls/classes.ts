/** What a class declares. Its methods are known before anybody makes one. */
import type { Reading } from './reading.ts';
import { child, keyOf, type Node, part, parts } from './syntax.ts';
import { type Frame, type Klass, Place } from './values.ts';

export function classOf(program: Reading, node: Node, frame: Frame): Klass {
  const klass = program.klass(node, frame);
  const parent = part(node, 'superClass');
  if (parent) klass.parents.give(program.evaluate(parent, frame));
  const { scope } = klass;
  for (const member of parts(node, 'body') as readonly Node[]) {
    switch (member.type) {
      case 'Constructor':
        klass.maker = program.func(member, scope, { name: 'constructor', klass });
        break;
      case 'ClassMethod':
      case 'PrivateMethod':
        addMethod(program, { member, klass });
        break;
      case 'ClassProperty':
      case 'PrivateProperty': {
        const value = part(member, 'value');
        if (member.isStatic && value) staticOf(klass, keyOf(child(member, 'key'))).give(program.evaluate(value, scope));
        break;
      }
      case 'StaticBlock':
        program.execute(child(member, 'body'), scope);
    }
  }
  return klass;
}

function addMethod(program: Reading, { member, klass }: { member: Node; klass: Klass }): void {
  const name = keyOf(child(member, 'key'));
  const func = program.func(child(member, 'function'), klass.scope, { name, klass });
  if (member.isStatic) staticOf(klass, name).give([func]);
  else if (member.kind === 'getter') klass.getters.set(name, func);
  else if (member.kind === 'method') klass.methods.set(name, func);
}

function staticOf(klass: Klass, name: string): Place {
  const found = klass.statics.get(name) ?? new Place();
  klass.statics.set(name, found);
  return found;
}
