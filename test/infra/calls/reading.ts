/** What the parts of a reader need of one another: each knows one kind of syntax, and goes on through this where it holds another. */
import type { Node } from './syntax.ts';
import type { Frame, Func, Klass, Outside, Text, Thing, Value, Values } from './values.ts';

export interface Argument {
  readonly values: Values;
  readonly spread: boolean;
}

export interface Binding {
  readonly pattern: Node;
  readonly values: Values;
  readonly frame: Frame;
}

export interface Call {
  readonly args: readonly Argument[];
  /** The node that calls; what the call makes is always the same thing. */
  readonly site: Node;
}

/** Where calls leave the program, with what they may be called with. */
export interface Doors {
  /** Everything is known now, and everything is told once more. */
  settled(): void;
  /** `true`: the call leaves the program here, so what it does inside is not looked at. */
  method(call: { readonly receiver: Thing; readonly method: string; readonly args: readonly Argument[] }): boolean;
  function(call: { readonly name: string; readonly args: readonly Argument[] }): boolean;
  /** `new` of a class of ours. */
  made(thing: Thing, args: readonly Argument[]): void;
  /** `new` of a class of a package. */
  constructed(name: string, args: readonly Argument[]): void;
  /** `null`: a variable whose name is not known. */
  environment(variable: string | null): void;
  /** A call whose receiver could not be followed. */
  lost(method: string): void;
}

export interface Reading {
  readonly doors: Doors;
  evaluate(node: Node, frame: Frame): Values;
  execute(node: Node, frame: Frame): void;
  /** Gives values to a variable, to the parts of a pattern, to a property. */
  bind(binding: Binding): void;

  text(text: string): Text;
  outside(name: string, depth?: number): Outside;
  /** What `node` makes: always the same one. */
  thing(node: Node, klass?: Klass | null): Thing;
  /** The value of `node` is made for a property or a variable of this name. */
  madeFor(node: Node, name: string): void;
  func(node: Node, outer: Frame, named?: { readonly name?: string; readonly klass?: Klass }): Func;
  klass(node: Node, outer: Frame): Klass;

  /** Of one value; `null`: whichever property. */
  property(of: Value, name: string | null): Values;
  call(callee: Value, of: Call & { readonly self: Values }): Values;
  enter(func: Func, of: { readonly self: Values; readonly args: readonly Argument[] }): Values;
  /** A method of a value: of ours, or one that the language or a package has. */
  callMethod(receiver: Value, of: Call & { readonly method: string }): Values;
  construct(callee: Value, of: Call): Values;
  /**
   * Given to somebody whom we can't read. Who gets a function calls it, with what we don't know; who gets an object gets what is in
   * it, also what is put there later. Returns what the functions give.
   */
  escape(values: Values): Values;
}
