/**
 * The shop's ladder: what works at each level, in one table that the cells act on, the CLI and docs/degraded-modes.md print,
 * and the drill checks from outside. Invariants (held by tests): a lower level never allows more; money and stock (`strict`
 * writes) are taken in full or refused, never in part; only reads are reduced; an essential operation outlives an important
 * one, and that an optional one.
 */
import type { Tier } from '../consistency.ts';
import { FULL, type Grant, REFUSED, reduced } from './grant.ts';
import type { OperationName } from './operations.ts';

export const LEVELS = [100, 80, 60, 40, 20, 5, 0] as const;
export type Level = (typeof LEVELS)[number];

/** What a level is for, in a sentence; the table below is what it means. */
export const LEVEL_PROMISES: Readonly<Record<Level, string>> = {
  100: 'Everything works.',
  80: 'Extras are off: what is found is not ranked, the count of likes is not shown. Everything else works.',
  60: 'Optional operations are refused; whoever wants to look and buy notices nothing else.',
  40: 'What is shown may come from a copy, and then says how old it is; of the writes only those that a purchase needs are taken.',
  20: 'Carts, checkout and orders only.',
  5: 'Nothing is changed any more: carts and orders can be looked at.',
  0: 'Nothing but an honest refusal that says when to try again.',
};

/** The same for each tier, so that a person can ask "what becomes of …". */
export const TIER_PROMISES: Readonly<Record<Tier, string>> = {
  essential: 'in full down to 20 (what is shown may come from a copy from 40 on); read only at 5; refused at 0',
  important: 'in full down to 60 (a search unranked from 80 on); read only, and from a copy, at 40; refused from 20 on',
  optional: 'in full at 100; without the count of likes at 80; refused from 60 on',
};

const F = FULL;
const X = REFUSED;
const copy = reduced('from-copy');
const plain = reduced('default-order');
const plainCopy = reduced('default-order', 'from-copy');
const uncounted = reduced('no-count');

type Row = Readonly<Record<Level, Grant>>;

const row = (...grants: readonly [Grant, Grant, Grant, Grant, Grant, Grant, Grant]): Row =>
  Object.fromEntries(LEVELS.map((level, at) => [level, grants[at] ?? X])) as Row;

// biome-ignore format: a table is read by its columns
export const LADDER: Readonly<Record<OperationName, Row>> = {
  //                   100 80         60     40         20    5     0
  checkout:       row( F,  F,         F,     F,         F,    X,    X),
  getOrder:       row( F,  F,         F,     copy,      copy, copy, X),
  putCartItem:    row( F,  F,         F,     F,         F,    X,    X),
  deleteCartItem: row( F,  F,         F,     F,         F,    X,    X),
  getCart:        row( F,  F,         F,     copy,      copy, copy, X),
  browseProducts: row( F,  F,         F,     copy,      X,    X,    X),
  searchProducts: row( F,  plain,     plain, plainCopy, X,    X,    X),
  getProduct:     row( F,  F,         F,     copy,      X,    X,    X),
  getStock:       row( F,  F,         F,     copy,      X,    X,    X),
  putStock:       row( F,  F,         F,     X,         X,    X,    X),
  putProduct:     row( F,  F,         X,     X,         X,    X,    X),
  getLikes:       row( F,  uncounted, X,     X,         X,    X,    X),
  like:           row( F,  F,         X,     X,         X,    X,    X),
  getDescription: row( F,  F,         X,     X,         X,    X,    X),
  putDescription: row( F,  F,         X,     X,         X,    X,    X),
};

export function promised(level: Level, operation: OperationName): Grant {
  return LADDER[operation][level];
}

/** `40` → 40; `null` for what is no level. */
export function levelOf(value: unknown): Level | null {
  return LEVELS.find((level) => level === value) ?? null;
}
