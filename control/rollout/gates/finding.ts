/** How a gate says what it found. */
import type { GateFinding } from '../rollout-executor.ts';

export type Say = Readonly<Record<GateFinding['state'], (detail: string) => GateFinding>>;

export function sayer(gate: string): Say {
  const say = (state: GateFinding['state']) => (detail: string) => ({ gate, state, detail });
  return { open: say('open'), closed: say('closed'), unknown: say('unknown') };
}

/** Names as a sentence takes them: bounded, because a detail is a line. */
const NAMED_MAX = 5;

export function named(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  return more > 0 ? `${names.slice(0, NAMED_MAX).join(', ')} and ${more} more` : names.join(', ');
}
