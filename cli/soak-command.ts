/** `holdfast drill soak`: random faults and moves for as long as one likes, judged round by round. */
import type { Command } from 'commander';
import type { SoakReport } from '../drills/soak/run-soak.ts';
import { coloured, verdictExit } from './drill-text.ts';
import { SEED_MAX, wholeNumber } from './option-parsers.ts';
import type { CliServices } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';
import type { Colours } from './terminal.ts';
import { duration, textTable } from './text-table.ts';

const MINUTES_DEFAULT = 5;
/** A day: whoever wants more begins again with another seed. */
const MINUTES_MAX = 1_440;
const ROUND_MAX = 10_000;

export function addSoakCommand(drill: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  drill
    .command('soak')
    .description('random faults and moves for some minutes, judged round by round: exit codes as of "run"')
    .option('--minutes <n>', `how long (default: ${MINUTES_DEFAULT})`, wholeNumber({ min: 1, max: MINUTES_MAX }))
    .option('--seed <n>', 'repeat the schedule of this seed', wholeNumber({ min: 0, max: SEED_MAX }))
    .option('--round <n>', 'only this round of the seed', wholeNumber({ min: 1, max: ROUND_MAX }))
    .option('--attach', 'disturb the running platform instead of one of its own')
    .action(shell.action((call) => soak(call, services)));
}

async function soak(call: Call, services: CliServices): Promise<Outcome> {
  const book = await services.drills();
  const { minutes, seed, round } = call.options;
  const { report, dir } = await call.progress('drill soak', async (progress) =>
    book.soak({
      minutes: typeof minutes === 'number' ? minutes : MINUTES_DEFAULT,
      seed: typeof seed === 'number' ? seed : null,
      onlyRound: typeof round === 'number' ? round : null,
      attach: call.options.attach === true ? await services.attach() : null,
      onProgress: (text) => progress.update(`drill soak: ${text}`),
    }),
  );
  const text = soakText(report, { dir, colours: call.terminal.outColours });
  return { text, json: { ...report, dir }, exitCode: verdictExit(report.verdict) };
}

export function soakText(report: SoakReport, of: { readonly dir: string; readonly colours: Colours }): string {
  const rows = report.rounds.map((round) => [
    String(round.round),
    coloured(round.verdict, of.colours),
    String(round.scenes.length),
    String(round.acknowledged),
    round.dir,
  ]);
  const kinds = report.scenes.map(({ kind, played, effective }) => [kind, String(played), String(effective)]);
  const failing = report.rounds.filter(({ verdict }) => verdict !== 'pass');
  return [
    `${coloured(report.verdict, of.colours)}  ${of.colours.bold('soak')}, seed ${report.seed}, ${report.rounds.length} rounds in ${duration(report.durationMs)}`,
    '',
    textTable(['ROUND', 'VERDICT', 'SCENES', 'ACKNOWLEDGED', 'REPORT'].map(titled), rows),
    '',
    textTable(['SCENE', 'PLAYED', 'SEEN TO BITE'].map(titled), kinds),
    ...(report.reasons.length === 0
      ? []
      : ['', 'Why the verdict is not pass:', ...report.reasons.map((why) => `  ${why}`)]),
    ...(failing.length === 0 ? [] : ['', ...failing.map(({ round, replay }) => `Round ${round} again   ${replay}`)]),
    '',
    `Report  ${of.dir}`,
  ].join('\n');
}

function titled(title: string) {
  return { title };
}
