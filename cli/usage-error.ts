/** Turns commander's complaints into ours: what was wrong, the value seen, the values allowed, what to type instead. */
import type { Command, CommanderError } from 'commander';
import { invalid, type PlatformError } from '../core/errors.ts';
import { unknownName } from './nearest.ts';

/** Commander ends these with success: the text that was asked for has been printed. */
const ASKED_FOR = new Set(['commander.helpDisplayed', 'commander.version']);
/** An incomplete command: its help was printed, but nothing was done. */
const INCOMPLETE = 'commander.help';

export class HelpShown extends Error {
  readonly asked: boolean;

  constructor(asked: boolean) {
    super('help was shown');
    this.asked = asked;
  }
}

/** Makes `command` throw instead of exiting, with an error that lists what *this* command allows. */
export function throwUsageErrors(command: Command): void {
  // The launcher prints the error itself; commander would print its own beside it.
  command.configureOutput({ outputError: () => undefined });
  command.exitOverride((error) => {
    if (ASKED_FOR.has(error.code)) throw new HelpShown(true);
    if (error.code === INCOMPLETE) throw new HelpShown(false);
    throw usageError(error, command);
  });
}

function usageError(error: CommanderError, command: Command): PlatformError {
  const name = fullName(command);
  const seen = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const help = `Help: ${name} --help`;
  if (error.code === 'commander.unknownCommand') {
    const known = command.commands.map((each) => each.name()).filter((each) => each !== 'help');
    return withHelp(unknownName(`command of ${name}:`, seen, known), help);
  }
  if (error.code === 'commander.unknownOption') {
    const known = [...command.options.map((option) => option.long ?? option.flags), '--help'];
    return withHelp(unknownName(`flag of ${name}:`, seen, known), help);
  }
  const what = error.message.replace(/^error: /, '');
  return invalid(`${capitalised(what)}.\nUsage: ${name} ${command.usage()}\n${help}`.replace('..\n', '.\n'));
}

function withHelp(error: PlatformError, help: string): PlatformError {
  return invalid(`${error.message}\n${help}`, error.details);
}

function fullName(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
