/** Commands of an operator in a drill: run to their end within a bound, with what they said as data. */
import type { Json } from '../core/json.ts';
import { type Lab, within } from './lab.ts';
import type { EndedCommand } from './ports/operator-port.ts';
import { membersOf } from './workload/product.ts';

/** A staged publish of three waves, on a machine that has other things to do. */
const COMMAND_MS_MAX = 90_000;

/** Throws when it does not end in time; that it was refused is an answer. */
export function command(lab: Lab, args: readonly string[], input?: string): Promise<EndedCommand> {
  const what = `The end of "holdfast ${args.slice(0, 3).join(' ')}"`;
  return within(lab, { what, withinMs: COMMAND_MS_MAX }, lab.operator.begin(args, input).ended);
}

/** Throws with what it said unless it was done. */
export async function done(lab: Lab, args: readonly string[], input?: string): Promise<Json> {
  const ended = await command(lab, args, input);
  if (ended.exitCode === 0) return jsonOf(ended);
  throw new Error(`"holdfast ${args.join(' ')}" ended with ${ended.exitCode}: ${saidOf(ended)}`);
}

/** The one line that `--json` prints; `null` where there is none. */
export function jsonOf({ stdout }: EndedCommand): Json {
  try {
    return JSON.parse(stdout) as Json;
  } catch {
    // A command that died or was refused as text has no JSON: what it said otherwise is looked at then.
    return null;
  }
}

/** What it said to a person or, with `--json`, in its error. */
export function saidOf(ended: EndedCommand): string {
  const { message } = membersOf(membersOf(jsonOf(ended)).error ?? null);
  const said = typeof message === 'string' ? message : `${ended.stdout}${ended.stderr}`;
  return said.trim().slice(0, SAID_CHARS_MAX);
}

/** Of what goes into a report. */
const SAID_CHARS_MAX = 600;
