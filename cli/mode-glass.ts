/** The file of the break-glass: what a person would otherwise have to write by hand, in the hour in which nothing else works. */
import { rename, writeFile } from 'node:fs/promises';
import { LEVELS } from '../core/modes/ladder.ts';
import { type ModesBody, parseModes } from '../core/modes/modes-document.ts';
import { SWITCH_NAMES } from '../core/modes/switches.ts';
import { cellOf, settingOf } from './mode-words.ts';
import { unknownName } from './nearest.ts';
import type { CliServices } from './services.ts';
import type { Call, Outcome } from './shell.ts';

/** Asks no platform and no arbiter: the topology is the one of this checkout. */
export async function breakGlass(call: Call, services: CliServices): Promise<Outcome> {
  const [where = '', what = ''] = call.args;
  const cell = cellOf(where, await services.topology());
  const setting = settingOf(call, { cell, nowMs: services.clock.wallMs() });
  const level = LEVELS.find((known) => String(known) === what && known !== 100);
  const name = SWITCH_NAMES.find((known) => known === what);
  const lowered = LEVELS.filter((known) => known !== 100).map(String);
  if (level === undefined && name === undefined)
    throw unknownName('level or switch', what, [...lowered, ...SWITCH_NAMES]);
  const body: ModesBody = {
    levels: level === undefined ? [] : [{ level, ...setting }],
    switches: name === undefined ? [] : [{ name, ...setting }],
  };
  const text = JSON.stringify(parseModes(body), null, 2);
  const { out } = call.options;
  if (typeof out !== 'string') return { text, json: { written: null, body } };
  await writeWhole(out, text);
  return {
    text: `${out} is written. The host's processes look every half second; delete it to end it.`,
    json: { written: out, body },
  };
}

/** Whoever looks meanwhile sees the old file or the new one. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, `${text}\n`, { mode: 0o600 });
  await rename(temporary, path);
}
