/**
 * What the language and packages do with what they are given, as far as it matters who gets at what. A promise counts as what it
 * promises. Rule where nothing is known: functions are called, and what went in may come out.
 */
import type { Argument, Call, Reading } from './reading.ts';
import { ELEMENTS, elementsOf, type Func, type Outside, together, type Value, type Values } from './values.ts';

/** They give back numbers, texts and data, and call nobody. */
const GIVES_NOTHING = /^(JSON|Math|Number|String|Boolean|console|Date|BigInt|Buffer|performance|Symbol)\b/;

export function callOfPackage(program: Reading, callee: Outside, { args, site }: Call): Values {
  if (GIVES_NOTHING.test(callee.name)) return [];
  const given = together(...args.map(({ values }) => values));
  if (/^Object\.(values|entries)$/.test(callee.name)) {
    const list = program.thing(site);
    for (const value of given) {
      if (value.kind === 'thing') for (const [, place] of value.fields()) list.field(ELEMENTS).give(place);
    }
    return [list];
  }
  if (callee.name === 'Array.from') {
    const list = program.thing(site);
    list
      .field(ELEMENTS)
      .give(together(elementsOf(args[0]?.values ?? []), results(program, args.slice(1), elementsOf(given))));
    return [list];
  }
  if (callee.name === 'Object.fromEntries') {
    const made = program.thing(site);
    const pairs = elementsOf(given);
    made.field(ELEMENTS).give(together(pairs, elementsOf(pairs)));
    return [made];
  }
  return together(given, program.escape(given), [program.outside(callee.name, Number.MAX_SAFE_INTEGER)]);
}

/** Functions among the arguments, called with what the receiver holds. */
function results(program: Reading, args: readonly Argument[], element: Values): ReadonlySet<Value> {
  const functions = args.flatMap(({ values }) => [...values]).filter((value) => value.kind === 'function');
  const given: Argument = { values: element, spread: false };
  return together(...functions.map((func) => program.enter(func, { self: [], args: [given, given, given] })));
}

export function methodOfPackage(
  program: Reading,
  receiver: Value,
  { method, args, site }: Call & { method: string },
): Values {
  if (receiver.kind === 'outside') return together(callOfPackage(program, receiver, { args, site }), [receiver]);
  if (receiver.kind === 'function') return callOfFunction(program, receiver, { method, args });
  const held = elementsOf([receiver]);
  switch (method) {
    case 'map':
    case 'flatMap': {
      const made = results(program, args, held);
      const list = program.thing(site);
      list.field(ELEMENTS).give(method === 'map' ? made : together(made, elementsOf(made)));
      return [list];
    }
    case 'then':
      return results(program, args, [receiver]);
    case 'catch':
    case 'finally':
      return together([receiver], results(program, args, []));
    case 'push':
    case 'unshift':
    case 'add':
    case 'set':
    case 'concat':
    case 'with':
      if (receiver.kind !== 'thing') return [];
      for (const { values, spread } of args) {
        receiver.field(ELEMENTS).give(spread || method === 'concat' ? elementsOf(values) : values);
      }
      return [receiver];
    case 'get':
    case 'at':
    case 'pop':
    case 'shift':
    case 'next':
      return held;
    case 'reduce': {
      const start = together(...args.slice(1).map(({ values }) => values));
      return together(start, results(program, args, together(held, start)));
    }
    default:
      // Of an array, whatever it is asked for: itself, what is in it, or what the function made of that.
      return together([receiver], held, results(program, args, held));
  }
}

function callOfFunction(
  program: Reading,
  func: Func,
  { method, args }: { method: string; args: readonly Argument[] },
): Values {
  const [self, ...rest] = args;
  if (method === 'bind') return [func];
  return program.enter(func, { self: self?.values ?? [], args: method === 'call' ? rest : [] });
}
