/**
 * Reads a program to its end without running it: from its module and whatever it exports to everything that can be reached from
 * there, until a round brings nothing new. Both sides of a branch count, and a function that is handed to a package counts as
 * called. Where calls leave the program they are reported to `Doors`, with what they may be called with.
 */
import { callOfPackage, methodOfPackage } from './builtins.ts';
import { evaluate } from './expressions.ts';
import { bind } from './patterns.ts';
import type { Argument, Binding, Call, Doors, Reading } from './reading.ts';
import { execute } from './statements.ts';
import { child, declaredIn, keyOf, type Node, namesOfPattern, part, parts } from './syntax.ts';
import {
  ELEMENTS,
  elementsOf,
  Frame,
  Func,
  Klass,
  Outside,
  type Reader,
  readAs,
  Text,
  Thing,
  together,
  type Value,
  type Values,
} from './values.ts';

/** A function is looked at some ten times; a program in which that does not end is one that we read wrongly. */
const LOOKS_MAX = 200_000;
/** A path into a package; deeper ones count as their beginning. */
const DEPTH_MAX = 1;

interface Look extends Reader {
  readonly work: () => void;
}

export class Program implements Reading {
  readonly doors: Doors;
  readonly #things = new WeakMap<Node, Map<Klass | null, Thing>>();
  readonly #functions = new WeakMap<Node, Func>();
  readonly #classes = new WeakMap<Node, Klass>();
  readonly #texts = new Map<string, Text>();
  readonly #outsides = new Map<string, Outside>();
  readonly #reached = new Map<Func, Look>();
  readonly #escaped = new Map<Thing, Look>();
  readonly #due = new Set<Look>();
  readonly #madeFor = new WeakMap<Node, string>();

  constructor(doors: Doors) {
    this.doors = doors;
  }

  read(module: Node): void {
    const body = parts(module, 'body');
    const frame = new Frame({ outer: null, names: [...declaredIn(body), ...importedBy(body)] });
    const whole = this.#reader(() => {
      for (const statement of body) if (statement) this.execute(statement, frame);
    });
    for (let looks = 0; this.#due.size > 0; looks++) {
      if (looks > LOOKS_MAX) throw new RangeError(`The program was not read to its end in ${LOOKS_MAX} looks.`);
      const [next] = this.#due;
      if (next) this.#look(next);
    }
    // What was told on the way was told of values that were not all there yet.
    this.doors.settled();
    for (const each of [whole, ...this.#reached.values(), ...this.#escaped.values()]) this.#look(each);
  }

  #reader(work: () => void): Look {
    const look: Look = { work, changed: () => this.#due.add(look) };
    this.#due.add(look);
    return look;
  }

  #look(look: Look): void {
    this.#due.delete(look);
    readAs(look, look.work);
  }

  #run(func: Func): void {
    if (func.body === null) return;
    if (/Body$|^BlockStatement$/.test(func.body.type)) this.execute(func.body, func.frame);
    else func.frame.returned.give(this.evaluate(func.body, func.frame));
  }

  evaluate(node: Node, frame: Frame): Values {
    return evaluate(this, node, frame);
  }

  execute(node: Node, frame: Frame): void {
    execute(this, node, frame);
  }

  bind(binding: Binding): void {
    bind(this, binding);
  }

  text(text: string): Text {
    return remembered(this.#texts, text, () => new Text(text));
  }

  outside(name: string, depth = 0): Outside {
    return remembered(this.#outsides, name, () => new Outside(name, depth));
  }

  thing(node: Node, klass: Klass | null = null): Thing {
    const made = this.#things.get(node) ?? new Map<Klass | null, Thing>();
    this.#things.set(node, made);
    return remembered(made, klass, () => new Thing({ klass, madeFor: this.#madeFor.get(node) ?? null }));
  }

  madeFor(node: Node, name: string): void {
    this.#madeFor.set(node, name);
  }

  func(node: Node, outer: Frame, named: { readonly name?: string; readonly klass?: Klass } = {}): Func {
    const known = this.#functions.get(node);
    if (known) return known;
    const params = parts(node, 'params');
    const body = part(node, 'body');
    const names = new Set(declaredIn(body ? [body] : []));
    for (const param of params) namesOfPattern(param, names);
    const arrow = node.type === 'ArrowFunctionExpression';
    const frame = new Frame({ outer, names, arrow, klass: named.klass ?? null });
    const func = new Func({ name: named.name ?? String(part(node, 'identifier')?.value ?? ''), params, body, frame });
    this.#functions.set(node, func);
    return func;
  }

  klass(node: Node, outer: Frame): Klass {
    const known = this.#classes.get(node);
    if (known) return known;
    const made = new Klass(node, { outer, name: this.#madeFor.get(node) ?? '' });
    this.#classes.set(node, made);
    return made;
  }

  property(of: Value, name: string | null): Values {
    switch (of.kind) {
      case 'thing':
        return this.#propertyOfThing(of, name);
      case 'class':
        return of.line.flatMap(({ statics }) => [...(statics.get(name ?? '') ?? [])]);
      case 'outside':
        if (of.name === 'process.env') {
          this.doors.environment(name);
          return [];
        }
        return [of.depth >= DEPTH_MAX ? of : this.outside(`${of.name}.${name ?? ELEMENTS}`, of.depth + 1)];
      default:
        return [];
    }
  }

  #propertyOfThing(thing: Thing, name: string | null): Values {
    if (name === null) return thing.fields().flatMap(([, place]) => [...place]);
    const found = [...thing.field(name), ...thing.field(ELEMENTS)];
    for (const klass of thing.klass?.line ?? []) {
      const method = klass.methods.get(name);
      if (method) return [...found, method];
      const getter = klass.getters.get(name);
      if (getter) return [...found, ...this.enter(getter, { self: [thing], args: [] })];
    }
    return found;
  }

  call(callee: Value, of: Call & { readonly self: Values }): Values {
    if (callee.kind === 'function') return this.enter(callee, of);
    return callee.kind === 'outside' ? callOfPackage(this, callee, of) : [];
  }

  enter(func: Func, { self, args }: { readonly self: Values; readonly args: readonly Argument[] }): Values {
    if (func.frame.klass === null && this.doors.function({ name: func.name, args })) return [];
    if (!this.#reached.has(func))
      this.#reached.set(
        func,
        this.#reader(() => this.#run(func)),
      );
    func.frame.self?.give(self);
    const firstSpread = args.findIndex(({ spread }) => spread);
    const rest = firstSpread < 0 ? [] : args.slice(firstSpread).flatMap(({ values }) => [...elementsOf(values)]);
    for (const [index, param] of func.params.entries()) {
      const pattern = param?.type === 'Parameter' ? child(param, 'pat') : param;
      if (pattern === null) continue;
      const given = firstSpread >= 0 && index >= firstSpread ? rest : (args[index]?.values ?? []);
      if (pattern.type === 'RestElement') {
        const list = this.thing(pattern);
        list.field(ELEMENTS).give([...args.slice(index).flatMap(({ values }) => [...values]), ...rest]);
        this.bind({ pattern: child(pattern, 'argument'), values: [list], frame: func.frame });
      } else this.bind({ pattern, values: given, frame: func.frame });
    }
    return func.frame.returned;
  }

  callMethod(
    receiver: Value,
    of: { readonly method: string; readonly args: readonly Argument[]; readonly site: Node },
  ) {
    if (receiver.kind === 'thing' && this.doors.method({ receiver, ...of })) return [];
    const found = [...this.property(receiver, of.method)].filter(
      ({ kind }) => kind === 'function' || (kind === 'outside' && receiver.kind === 'outside'),
    );
    if (found.length === 0) return methodOfPackage(this, receiver, of);
    return together(...found.map((callee) => this.call(callee, { self: [receiver], args: of.args, site: of.site })));
  }

  construct(callee: Value, { args, site }: Call): Values {
    if (callee.kind === 'outside') {
      this.doors.constructed(callee.name, args);
      callOfPackage(this, callee, { args, site });
      // A URL counts as the text that it was made of.
      if (callee.name === 'URL') return together(args[0]?.values ?? [], [callee]);
      const list = this.thing(site);
      if (!/^(Map|Set|Array|WeakMap)$/.test(callee.name)) return [this.outside(`new ${callee.name}`, DEPTH_MAX)];
      for (const { values } of args) list.field(ELEMENTS).give(elementsOf(values));
      return [list];
    }
    if (callee.kind !== 'class') return [];
    const made = this.thing(site, callee);
    this.doors.made(made, args);
    for (const klass of callee.line) this.#giveFields(klass, made);
    const maker = callee.line.find((klass) => klass.maker !== null)?.maker;
    if (maker) this.enter(maker, { self: [made], args });
    return [made];
  }

  #giveFields(klass: Klass, made: Thing): void {
    klass.fieldFrame.self?.give([made]);
    for (const member of parts(klass.node, 'body')) {
      if (member === null || member.isStatic || !/Property$/.test(member.type)) continue;
      const value = part(member, 'value');
      if (value) made.field(keyOf(child(member, 'key'))).give(this.evaluate(value, klass.fieldFrame));
    }
  }

  escape(values: Values): Values {
    return [...values].flatMap((value): readonly Value[] => {
      if (value.kind === 'function') return [...this.enter(value, { self: [], args: [] })];
      if (value.kind !== 'thing' || value.klass !== null || this.#escaped.has(value)) return [];
      const look = () => {
        for (const [, place] of value.fields()) this.escape(place);
      };
      this.#escaped.set(value, this.#reader(look));
      return [];
    });
  }
}

function importedBy(body: readonly (Node | null)[]): readonly string[] {
  return body
    .filter((statement) => statement?.type === 'ImportDeclaration')
    .flatMap((statement) => parts(statement as Node, 'specifiers'))
    .map((specifier) => String(child(specifier as Node, 'local').value));
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
