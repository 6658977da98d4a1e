/** What an operation can have asked for and been answered; anything else in a history was not written by a client of the platform. */
import { shown } from '../../core/ids.ts';
import type { OperationName } from './operation.ts';

/** The reason why the value can't stand there, or `null`. Of `fail` and `info` the value repeats what was asked for. */
export function reasonAgainstValue(of: {
  readonly op: OperationName;
  readonly type: unknown;
  readonly value: unknown;
}): string | null {
  const { op, type, value } = of;
  const shape = type === 'ok' ? ANSWERED[op] : ASKED[op];
  return SHAPES[shape](value) ? null : `value of ${op} is ${shown(value)}; allowed: ${shape}`;
}

const ASKED = {
  'stock.put': 'an integer from 0',
  'cart.put': 'an integer from 0',
  'stock.get': 'null',
  'cart.get': 'null',
  'order.get': 'null',
  checkout: 'null',
} as const satisfies Readonly<Record<OperationName, string>>;

const ANSWERED = {
  'stock.put': 'an integer from 0',
  'cart.put': 'an integer from 0',
  // Whatever the platform said of the stock is evidence, also that it is less than nothing.
  'stock.get': 'a number or null',
  'cart.get': 'an object',
  'order.get': 'an object',
  checkout: 'an object',
} as const satisfies Readonly<Record<OperationName, string>>;

const SHAPES = {
  'an integer from 0': (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0,
  null: (value: unknown) => value === null,
  'a number or null': (value: unknown) => value === null || typeof value === 'number',
  'an object': (value: unknown) => value !== null && typeof value === 'object' && !Array.isArray(value),
} as const;
