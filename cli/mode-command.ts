/** `holdfast mode …`: what is degraded, on purpose and for a time; how it is set, taken back and looked at. */
import type { Command } from 'commander';
import { FORCEABLE_NAMES } from '../control/rollout/forced-gates.ts';
import { LEVELS } from '../core/modes/ladder.ts';
import { SWITCH_NAMES } from '../core/modes/switches.ts';
import { clear, set, switchOff, switchOn } from './mode-change.ts';
import { breakGlass } from './mode-glass.ts';
import { ladder, level, listHere, listPublished } from './mode-reading.ts';
import { isAws, siteOf, withTarget } from './operator-site.ts';
import { durationSeconds } from './option-parsers.ts';
import type { CliServices, DocumentOperator } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';

/** As long as a person watches a graph after a change of settings. */
const BAKE_SECONDS = 5;

type Use = (
  call: Call,
  of: { readonly operator: DocumentOperator; readonly services: CliServices },
) => Promise<Outcome>;

interface Context {
  readonly shell: Shell;
  readonly services: CliServices;
}

export function addModeCommand(program: Command, { shell, services }: Context): void {
  const mode = program.command('mode').description('degraded modes: levels of the ladder, and switches');
  const leaf = (parent: Command, name: string, use: Use) =>
    withTarget(parent.command(name)).action(shell.action((call) => withOperator(call, { services, use })));

  const setting = leaf(mode, 'set', set).description('bring a cell, or all, to a level; 100 takes the level back');
  lasting(changing(inCell(setting).argument('<level>', LEVELS.join(', '))));
  changing(inCell(leaf(mode, 'clear', clear))).description('take back all that is set for a cell, or for all');
  const switching = mode.command('switch').description('turn one thing off, and on again');
  lasting(switchIn(leaf(switching, 'on', switchOn))).description('the switch is on: what it names is taken away');
  switchIn(leaf(switching, 'off', switchOff)).description('what it names is given back');

  withTarget(mode.command('list'))
    .description('what is set now, by whom, why, for how long yet, and what each process really does')
    .action(
      shell.action((call) =>
        isAws(call) ? withOperator(call, { services, use: listPublished }) : listHere(call, services),
      ),
    );
  mode
    .command('level')
    .description('how each cell is, operation by operation')
    .argument('[cell]', 'one alone')
    .action(shell.action((call) => level(call, services)));
  mode
    .command('ladder')
    .description('what each level and each switch means')
    .option('--markdown', 'as it stands in docs/degraded-modes.md')
    .action(shell.action((call) => ladder(call)));
  lasting(inCell(mode.command('break-glass')).argument('<what>', 'a level below 100, or a switch'))
    .description('the file that lays modes over the published ones on one host, for when nothing can be published')
    .requiredOption('--why <text>', 'stands in the file')
    .option('--out <file>', 'write it there, at once and whole; default: print it')
    .action(shell.action((call) => breakGlass(call, services)));
}

const inCell = (command: Command) => command.argument('<cell>', 'such as c01, or all');

const switchIn = (command: Command) =>
  changing(command.argument('<name>', SWITCH_NAMES.join(', '))).option('--cell <cell>', 'that one alone', 'all');

const lasting = (command: Command) =>
  command
    .requiredOption('--expires <time>', 'ends by itself after this long, such as 2h; 30 days at most', durationSeconds)
    .option('--owner <name>', 'who answers for it; default: you');

const changing = (command: Command) =>
  command
    .requiredOption('--why <text>', 'stands in the history, for the next one on duty')
    .option('--now', 'give function back everywhere at once, without the waves; stands in the history')
    .option('--force', 'although no cell would take an order any more; stands in the history')
    .option('--force-gate <gate...>', `pass a gate of the waves by: ${FORCEABLE_NAMES}; stands in the record`)
    .option('--bake <time>', 'how long each wave is watched (5s)', durationSeconds, BAKE_SECONDS);

async function withOperator(
  call: Call,
  { services, use }: { readonly services: CliServices; readonly use: Use },
): Promise<Outcome> {
  const operator = await (await siteOf(call, services)).documents();
  try {
    return await use(call, { operator, services });
  } finally {
    operator.close();
  }
}
