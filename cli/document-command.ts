/** `holdfast document list|show|history|validate|diff|publish|rollback`: what is set at run time, and how it is changed. */
import type { Command } from 'commander';
import { FORCEABLE_NAMES } from '../control/rollout/forced-gates.ts';
import { PUBLISHED_NAMES } from '../core/documents/placement-document.ts';
import { publish, rollBack } from './document-publish.ts';
import { compare, history, list, show, validate } from './document-reading.ts';
import { siteOf, withTarget } from './operator-site.ts';
import { durationSeconds, wholeNumber } from './option-parsers.ts';
import type { CliServices, DocumentOperator } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';

type Use = (call: Call, operator: DocumentOperator) => Promise<Outcome>;

/** As long as a person watches a graph after a change of settings; a release bakes for longer. */
const BAKE_SECONDS = 5;
const VERSION = wholeNumber({ min: 0, max: 999_999_999 });

export function addDocumentCommand(
  program: Command,
  { shell, services }: { readonly shell: Shell; readonly services: CliServices },
): void {
  const document = program
    .command('document')
    .description('what is set at run time: versioned, validated at both ends, taken back in one step');
  const leaf = (name: string, description: string, use: Use) =>
    withTarget(document.command(name))
      .description(description)
      .action(shell.action((call) => withOperator(call, { services, use })));
  const typed = (name: string, description: string, use: Use) =>
    leaf(name, description, use).argument('<type>', PUBLISHED_NAMES.join(', '));
  const version = [
    '--at <version>',
    'this edition instead of the one in force; 0: the bundled default',
    VERSION,
  ] as const;
  leaf('list', 'every type: what is in force, what is on its way, what the cells run', list);
  typed('show', 'one document, as JSON', show).option(...version);
  typed('history', 'every edition: who, when, why, what it changed', history);
  typed('validate', 'judge a file as publishing would; changes nothing', validate).argument('<file>', 'or - for stdin');
  typed('diff', 'what a file, or an edition, would change', compare)
    .argument('[file]', 'or - for stdin')
    .option(...version);
  typed('publish', 'wave by wave with bake and gates; at once where it only takes load or function away', publish)
    .argument('<file>', 'or - for stdin')
    .requiredOption('--why <text>', 'stands in the history, for the next one on duty')
    .option('--bake <time>', 'how long each wave is watched (5s)', durationSeconds, BAKE_SECONDS)
    .option('--force', 'although the change is larger than one edition may be; stands in the history')
    .option('--force-gate <gate...>', `pass a gate by: ${FORCEABLE_NAMES}; stands in the record`);
  typed('rollback', 'bring earlier content back, as a new edition, everywhere at once', rollBack)
    .option(
      '--to <version>',
      'an edition (default: the content before the present one); 0: the bundled default',
      VERSION,
    )
    .requiredOption('--why <text>', 'stands in the history');
}

async function withOperator(
  call: Call,
  { services, use }: { readonly services: CliServices; readonly use: Use },
): Promise<Outcome> {
  const operator = await (await siteOf(call, services)).documents();
  try {
    return await use(call, operator);
  } finally {
    operator.close();
  }
}
