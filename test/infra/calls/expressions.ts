/** What an expression may give. */
import { classOf } from './classes.ts';
import { propertyName } from './patterns.ts';
import type { Argument, Reading } from './reading.ts';
import { child, isFunction, keyOf, type Node, part, parts } from './syntax.ts';
import { ELEMENTS, elementsOf, type Frame, type Thing, textsIn, together, type Values } from './values.ts';

const NOTHING: Values = [];
/** Their names say what is called on a table and on little else: to lose one of them would be to lose a permission. */
const OF_TABLES = /^(getMany|transact|deleteMany|query)$/;

/** A loop that lengthens one comes to an end here. */
const URL_CHARS_MAX = 160;

export function evaluate(program: Reading, node: Node, frame: Frame): Values {
  const of = (name: string) => program.evaluate(child(node, name), frame);
  if (isFunction(node)) return [program.func(node, frame)];
  switch (node.type) {
    case 'Identifier': {
      const name = String(node.value);
      return name === 'undefined' ? NOTHING : (frame.find(name) ?? [program.outside(name)]);
    }
    case 'StringLiteral':
      return word(program, String(node.value));
    case 'TemplateLiteral':
      return template(program, node, frame);
    case 'ThisExpression':
      return frame.selves;
    case 'ClassExpression':
      return [classOf(program, node, frame)];
    case 'ArrayExpression':
      return [array(program, node, frame)];
    case 'ObjectExpression':
      return object(program, node, frame);
    case 'MemberExpression':
    case 'SuperPropExpression':
      return member(program, node, frame);
    case 'OptionalChainingExpression':
      return of('base');
    case 'CallExpression':
      return call(program, node, frame);
    case 'NewExpression': {
      const args = argumentsOf(program, node, frame);
      return together(...[...of('callee')].map((callee) => program.construct(callee, { args, site: node })));
    }
    case 'ConditionalExpression':
      of('test');
      return together(of('consequent'), of('alternate'));
    case 'BinaryExpression': {
      const [left, right] = [of('left'), of('right')];
      if (node.operator === '+') return joined(program, left, right);
      return /^(&&|\|\||\?\?)$/.test(String(node.operator)) ? together(left, right) : NOTHING;
    }
    case 'AssignmentExpression': {
      const values = of('right');
      program.bind({ pattern: child(node, 'left'), values, frame });
      return values;
    }
    case 'YieldExpression':
      if (part(node, 'argument')) frame.returned.give(of('argument'));
      return NOTHING;
    case 'SequenceExpression':
      return (
        parts(node, 'expressions')
          .map((each) => program.evaluate(each as Node, frame))
          .at(-1) ?? NOTHING
      );
    case 'AwaitExpression':
      return of('argument');
    case 'ParenthesisExpression':
      return of('expression');
    case 'UnaryExpression':
    case 'UpdateExpression':
      of('argument');
      return NOTHING;
    case 'TaggedTemplateExpression':
      of('tag');
      return of('template');
    default:
      return NOTHING;
  }
}

function template(program: Reading, node: Node, frame: Frame): Values {
  for (const each of parts(node, 'expressions')) program.evaluate(each as Node, frame);
  const text = parts(node, 'quasis')
    .map((quasi) => String((quasi as Node).cooked))
    .join('<>');
  return word(program, text);
}

/** Of a URL and a path alone; the other texts that are put together say nothing about a call. */
function joined(program: Reading, left: Values, right: Values): Values {
  const urls = textsIn(left).filter((text) => text.startsWith('https://'));
  return urls
    .flatMap((url) => textsIn(right).map((path) => url + path))
    .filter((text) => text.length <= URL_CHARS_MAX)
    .flatMap((text) => [...word(program, text)]);
}

/** What is written for people names no variable, no property and no action. */
function word(program: Reading, text: string): Values {
  return /\s/.test(text) ? NOTHING : [program.text(text)];
}

function array(program: Reading, node: Node, frame: Frame): Thing {
  const made = program.thing(node);
  for (const element of parts(node, 'elements')) {
    if (element === null) continue;
    const values = program.evaluate(child(element, 'expression'), frame);
    made.field(ELEMENTS).give(element.spread ? elementsOf(values) : values);
  }
  return made;
}

/** With what is spread into it that is no object of ours: the environment stays the environment. */
function object(program: Reading, node: Node, frame: Frame): Values {
  const made = program.thing(node);
  const beside: Values[] = [];
  for (const property of parts(node, 'properties') as readonly Node[]) {
    switch (property.type) {
      case 'SpreadElement':
        for (const value of program.evaluate(child(property, 'arguments'), frame)) {
          if (value.kind === 'thing') for (const [name, place] of value.fields()) made.field(name).give(place);
          else beside.push([value]);
        }
        break;
      case 'Identifier':
        made.field(String(property.value)).give(program.evaluate(property, frame));
        break;
      case 'KeyValueProperty': {
        const [key, value] = [child(property, 'key'), child(property, 'value')];
        const [name = ELEMENTS] =
          key.type === 'Computed' ? textsIn(program.evaluate(child(key, 'expression'), frame)) : [keyOf(key)];
        program.madeFor(value, name);
        made.field(name).give(program.evaluate(value, frame));
        break;
      }
      case 'MethodProperty':
        made.field(keyOf(child(property, 'key'))).give([program.func(property, frame)]);
        break;
      case 'GetterProperty': {
        const getter = program.func(child(property, 'function'), frame);
        made.field(keyOf(child(property, 'key'))).give(program.enter(getter, { self: [made], args: [] }));
      }
    }
  }
  return together([made], ...beside);
}

function member(program: Reading, node: Node, frame: Frame): Values {
  const names = propertyName(program, child(node, 'property'), frame);
  const owners = node.type === 'SuperPropExpression' ? frame.selves : program.evaluate(child(node, 'object'), frame);
  return together(
    ...[...owners].flatMap((owner) =>
      names.length === 0 ? [program.property(owner, null)] : names.map((name) => program.property(owner, name)),
    ),
  );
}

function call(program: Reading, node: Node, frame: Frame): Values {
  const args = argumentsOf(program, node, frame);
  const callee = bare(child(node, 'callee'));
  if (callee.type === 'Super') {
    const makers = frame.klass?.line.slice(1).flatMap(({ maker }) => maker ?? []) ?? [];
    for (const maker of makers.slice(0, 1)) program.enter(maker, { self: frame.selves, args });
    return NOTHING;
  }
  if (callee.type === 'Import') return NOTHING;
  if (callee.type !== 'MemberExpression') {
    const callees = [...program.evaluate(callee, frame)];
    return together(...callees.map((each) => program.call(each, { self: [], args, site: node })));
  }
  const receivers = [...program.evaluate(child(callee, 'object'), frame)];
  const names = propertyName(program, child(callee, 'property'), frame);
  for (const method of names) {
    if (receivers.length === 0 && args.length === 2 && OF_TABLES.test(method)) program.doors.lost(method);
  }
  if (receivers.length === 0) return together(...args.map(({ values }) => program.escape(values)));
  const methods = names.length === 0 ? [ELEMENTS] : names;
  return together(
    ...receivers.flatMap((receiver) =>
      methods.map((method) => program.callMethod(receiver, { method, args, site: node })),
    ),
  );
}

function bare(callee: Node): Node {
  if (callee.type === 'ParenthesisExpression') return bare(child(callee, 'expression'));
  return callee.type === 'OptionalChainingExpression' ? bare(child(callee, 'base')) : callee;
}

function argumentsOf(program: Reading, node: Node, frame: Frame): readonly Argument[] {
  return parts(node, 'arguments').map((argument) => ({
    values: program.evaluate(child(argument as Node, 'expression'), frame),
    spread: (argument as Node).spread !== null,
  }));
}
