/** Values of flags, checked where they are typed: a wrong one is refused before anything starts. */
import { InvalidArgumentError } from 'commander';
import { shown } from '../core/ids.ts';

export function wholeNumber(range: { readonly min: number; readonly max: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    throw new InvalidArgumentError(`Seen: ${shown(text)}. Allowed: an integer from ${range.min} to ${range.max}.`);
  };
}

export function oneOf(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text;
    throw new InvalidArgumentError(`Seen: ${shown(text)}. Allowed: ${choices.join(', ')}.`);
  };
}

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);

/** `90`, `90s`, `15m`, `8h`, `2d` → seconds. */
export function durationSeconds(text: string): number {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text);
  const seconds = match ? Number(match[1]) * (UNIT_SECONDS.get(match[2] ?? '') ?? 0) : 0;
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError(`Seen: ${shown(text)}. Allowed: a time such as 90s, 15m, 8h, 2d.`);
}

/** Seeds one by one, with commas, or as a range: `1 2 3`, `1,2,3`, `1-20`. Adds to those of earlier arguments. */
export function seeds(text: string, earlier: readonly number[] | undefined): readonly number[] {
  const found = text.split(',').flatMap((part) => seedRange(part, text));
  const all = [...(earlier ?? []), ...found];
  if (all.length <= SEEDS_MAX) return all;
  throw new InvalidArgumentError(`Seen: ${all.length} seeds. Allowed: at most ${SEEDS_MAX} in one run.`);
}

/** A drill takes seconds to a minute; more than this is a job for a loop that can be interrupted. */
export const SEEDS_MAX = 1_000;
export const SEED_MAX = 4_294_967_295;

function seedRange(part: string, text: string): readonly number[] {
  const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match && last >= first && last <= SEED_MAX && last - first < SEEDS_MAX) {
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }
  throw new InvalidArgumentError(`Seen: ${shown(text)}. Allowed: seeds from 0 to ${SEED_MAX}, as 7, 1,2,3 or 1-20.`);
}
