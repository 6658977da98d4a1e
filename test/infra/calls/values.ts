/**
 * What an expression may stand for when a program is read instead of run. Everything that one place of the program makes counts as
 * one value, and a place that was given two values may hold either: so what is found is never less than what can happen.
 */
import { type Node, part } from './syntax.ts';

export type Value = Text | Thing | Func | Klass | Outside;
export type Values = Iterable<Value>;

/** Who works something out from what places hold, and has to do it again when they hold more. */
export interface Reader {
  changed(): void;
}

/** Programs are read one after another, each by one reader at a time. */
let reader: Reader | null = null;

export function readAs(next: Reader, work: () => void): void {
  reader = next;
  try {
    work();
  } finally {
    reader = null;
  }
}

/** A variable, a property, a parameter or what a function returns. */
export class Place implements Iterable<Value> {
  readonly #held = new Set<Value>();
  readonly #readers = new Set<Reader>();

  give(values: Values): void {
    const before = this.#held.size;
    for (const value of values) this.#held.add(value);
    if (this.#held.size > before) for (const each of this.#readers) each.changed();
  }

  [Symbol.iterator](): Iterator<Value> {
    if (reader) this.#readers.add(reader);
    return this.#held.values();
  }
}

/** A string that stands in the program; what is put into a template at run time is `<>`. */
export class Text {
  readonly kind = 'text';
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Of an array, a map or a set: everything in it. */
export const ELEMENTS = '*';

/** An object, an array or an instance. */
export class Thing {
  readonly kind = 'thing';
  readonly klass: Klass | null;
  /** The name of the property or variable that it was made for, or `null`. */
  readonly madeFor: string | null;
  readonly #fields = new Map<string, Place>();
  /** Holds something new whenever there is a property more. */
  readonly #shape = new Place();

  constructor(of: { readonly klass: Klass | null; readonly madeFor: string | null }) {
    this.klass = of.klass;
    this.madeFor = of.madeFor;
  }

  field(name: string): Place {
    const found = this.#fields.get(name);
    if (found) return found;
    const made = new Place();
    this.#fields.set(name, made);
    this.#shape.give([new Text(name)]);
    return made;
  }

  fields(): readonly (readonly [string, Place])[] {
    // Looked at, so that whoever reads this reads it again when there is one more.
    return [...this.#shape].length === 0 ? [] : [...this.#fields];
  }
}

/** What is declared in one function, and what it was called with. */
export class Frame {
  readonly outer: Frame | null;
  readonly names = new Map<string, Place>();
  /** `null`: an arrow, which has that of whoever is around it. */
  readonly self: Place | null;
  readonly returned = new Place();
  readonly klass: Klass | null;

  constructor(of: { outer: Frame | null; names: Iterable<string>; arrow?: boolean; klass?: Klass | null }) {
    this.outer = of.outer;
    this.self = of.arrow ? null : new Place();
    this.klass = of.klass ?? of.outer?.klass ?? null;
    for (const name of of.names) this.names.set(name, new Place());
  }

  /** `null`: nobody declares it, so it is a global. */
  find(name: string): Place | null {
    return this.names.get(name) ?? this.outer?.find(name) ?? null;
  }

  get selves(): Values {
    return this.self ?? this.outer?.selves ?? [];
  }
}

export class Func {
  readonly kind = 'function';
  readonly name: string;
  readonly params: readonly (Node | null)[];
  readonly body: Node | null;
  readonly frame: Frame;

  constructor(of: { name: string; params: readonly (Node | null)[]; body: Node | null; frame: Frame }) {
    this.name = of.name;
    this.params = of.params;
    this.body = of.body;
    this.frame = of.frame;
  }
}

export class Klass {
  readonly kind = 'class';
  readonly name: string;
  readonly node: Node;
  readonly parents = new Place();
  readonly statics = new Map<string, Place>();
  readonly methods = new Map<string, Func>();
  readonly getters = new Map<string, Func>();
  /** Around all that is in it: it may call itself by a name that only it knows. */
  readonly scope: Frame;
  /** In which the values of its fields are worked out. */
  readonly fieldFrame: Frame;
  maker: Func | null = null;

  /** `name`: of the variable that holds it, or nothing. */
  constructor(node: Node, { outer, name }: { readonly outer: Frame; readonly name: string }) {
    const inner = String(part(node, 'identifier')?.value ?? name);
    this.name = name === '' ? inner : name;
    this.node = node;
    this.scope = new Frame({ outer, names: [inner], arrow: true, klass: this });
    this.scope.find(inner)?.give([this]);
    this.fieldFrame = new Frame({ outer: this.scope, names: [], klass: this });
  }

  /** Itself, and what it extends of ours. */
  get line(): readonly Klass[] {
    return [this, ...[...this.parents].filter((parent) => parent.kind === 'class').flatMap(({ line }) => line)];
  }
}

/** Something of a package, of Node or of the language: `<package or global>.<path>`. */
export class Outside {
  readonly kind = 'outside';
  readonly name: string;
  readonly depth: number;

  constructor(name: string, depth: number) {
    this.name = name;
    this.depth = depth;
  }
}

export const textsIn = (values: Values): readonly string[] =>
  [...values].filter((value) => value.kind === 'text').map(({ text }) => text);

export function together(...all: readonly Values[]): ReadonlySet<Value> {
  return new Set(all.flatMap((values) => [...values]));
}

/** Everything in an array or the like. Something unknown has unknown things in it. */
export function elementsOf(values: Values): ReadonlySet<Value> {
  return together(
    ...[...values].map((value) => {
      if (value.kind === 'thing') return value.field(ELEMENTS);
      return value.kind === 'outside' ? [value] : [];
    }),
  );
}
