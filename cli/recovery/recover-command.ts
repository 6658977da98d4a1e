/** `holdfast recover document|release`: the procedure after a bad change, in its order, and "resolved" only when it is. */
import type { Command } from 'commander';
import { type RecoveryReport, recover } from '../../control/recovery/recover.ts';
import { PUBLISHED_NAMES } from '../../core/documents/placement-document.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { unknownName } from '../nearest.ts';
import { wholeNumber } from '../option-parsers.ts';
import type { CliServices } from '../services.ts';
import type { Call, Outcome, Shell } from '../shell.ts';
import { textTable } from '../text-table.ts';
import type { RecoveryWish } from './recovery-target.ts';

const EXIT_OF: Readonly<Record<RecoveryReport['state'], ExitCode>> = {
  resolved: EXIT.done,
  failed: EXIT.refused,
  unknown: EXIT.unknown,
};
const VERSION_MAX = 1_000_000_000;

export function addRecoverCommand(
  program: Command,
  { shell, services }: { shell: Shell; services: CliServices },
): void {
  const recovery = program
    .command('recover')
    .description('after a bad change: stop its source, restore, restart the ill, verify; on this machine');
  recovery
    .command('document')
    .description('put an earlier edition of a document back')
    .argument('<type>', 'one of "document list"')
    .option('--to <version>', 'default: what the present one replaced', wholeNumber({ min: 0, max: VERSION_MAX }))
    .requiredOption('--why <text>', 'stands in the history')
    .action(
      shell.action((call) => {
        const { to, why } = call.options;
        const [type = ''] = call.args;
        if (!PUBLISHED_NAMES.includes(type)) throw unknownName('type of document', type, PUBLISHED_NAMES);
        return run(call, services, {
          kind: 'document',
          type,
          to: typeof to === 'number' ? to : null,
          why: String(why),
        });
      }),
    );
  recovery
    .command('release')
    .description('put a release that was good on every process, standing aside from waves')
    .argument('<name>', 'one of "release list"')
    .requiredOption('--why <text>', 'stands in the freeze of further changes')
    .action(
      shell.action((call) =>
        run(call, services, { kind: 'release', release: call.args[0] ?? '', why: String(call.options.why) }),
      ),
    );
}

async function run(call: Call, services: CliServices, wish: RecoveryWish): Promise<Outcome> {
  const opened = await services.recovery(wish);
  try {
    const report = await call.progress('recovering', (progress) =>
      recover({
        ...{ ports: opened.ports, clock: services.clock, rng: opened.rng, signal: new AbortController().signal },
        onLine: ({ stage, what, outcome }) =>
          progress.note(`${stage}: ${what}${outcome === 'done' ? '' : ` (${outcome})`}`),
      }),
    );
    await opened.tell(report);
    return { text: recoveryText(report), json: report, exitCode: EXIT_OF[report.state] };
  } finally {
    opened.close();
  }
}

function recoveryText({ state, conditions, lines, tookMs }: RecoveryReport): string {
  const rows = conditions.map(({ name, holds, detail }) => [
    holds === true ? 'holds' : holds === null ? 'unknown' : 'FAILS',
    name,
    detail,
  ]);
  const head =
    state === 'resolved'
      ? `Resolved after ${Math.round(tookMs / 1_000)} s.`
      : `NOT resolved: ${lines.at(-1)?.what ?? 'nothing was done'}.`;
  const after =
    state === 'resolved'
      ? 'Changes stay frozen: find the cause, then "holdfast deploy freeze off".'
      : 'Each step is idempotent: mend what it says, then run this again.';
  return [head, textTable([{ title: '' }, { title: 'CONDITION' }, { title: 'SEEN' }], rows), after].join('\n');
}
