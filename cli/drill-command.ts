/** `holdfast drill list|run|check|report`: break the platform on purpose, and read what came of it. */
import type { Command } from 'commander';
import { worstOf } from '../drills/checkers/verdict.ts';
import type { DrillOptions } from '../drills/drill-options.ts';
import { checkText, drillSummary, drillText, verdictExit } from './drill-text.ts';
import { unknownName } from './nearest.ts';
import { isAws, withTarget } from './operator-site.ts';
import { oneOf, SEED_MAX, seeds, wholeNumber } from './option-parsers.ts';
import type { CliServices, DrillBook, DrillOutcome, DrillSummary } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';
import { addSoakCommand } from './soak-command.ts';
import { textTable } from './text-table.ts';

export function addDrillCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  const drill = program.command('drill').description('break the platform on purpose and judge what came of it');
  withTarget(drill.command('list'))
    .description('the drills there are')
    .action(shell.action((call) => list(call, services)));
  withTarget(drill.command('run'))
    .description('run a drill: exit 0 passed, 1 failed, 3 nothing can be said')
    .argument('<name>', 'one of "drill list"')
    .option('--seed <n>', 'repeat the run of this seed', wholeNumber({ min: 0, max: SEED_MAX }))
    .option('--seeds <n...>', 'one run for each: 1 2 3, or 1-20', seeds)
    .option('--attach', 'disturb the running platform instead of one of its own')
    .option('--region <region>', 'the region that is hurt or left (default: the home of the first cell)')
    .option('--cell <cell>', 'for drills that move one cell (default: the first that is active there)')
    .option(
      '--variant <what>',
      'what exactly is broken, one of the variants in "drill list" (default: the seed decides)',
    )
    .option('--keep-stores', 'region-lost: only compute dies, the old stores stay reachable')
    .option('--confirm', 'on AWS: yes, disturb the deployed platform')
    .option('--production', 'on AWS: yes, though its stage is production')
    .action(shell.action((call) => run(call, services)));
  drill
    .command('heal')
    .description('on AWS: start again what a drill stopped, end what it had AWS FIS begin')
    .requiredOption('--target <platform>', 'aws', oneOf(['aws']))
    .action(shell.action((call) => heal(call, services)));
  addSoakCommand(drill, { shell, services });
  drill
    .command('check')
    .description('judge the evidence of a drill again, without a platform (default: the newest)')
    .argument('[dir]', 'the folder of the report')
    .action(
      shell.action(async (call) => {
        const checked = await (await services.drills()).check(call.args[0] ?? null);
        const text = checkText(checked, call.terminal.outColours);
        return { text, json: checked, exitCode: verdictExit(checked.verdict) };
      }),
    );
  drill
    .command('report')
    .description('show a report again (default: the newest)')
    .argument('[dir]', 'the folder of the report')
    .action(
      shell.action(async (call) => {
        const outcome = await (await services.drills()).read(call.args[0] ?? null);
        return { text: drillText(outcome, call.terminal.outColours), json: outcome.report };
      }),
    );
}

async function list(call: Call, services: CliServices): Promise<Outcome> {
  const drills = await drillsOf(call, services);
  const rows = drills.map(({ name, variants, summary }) => [name, (variants ?? []).join(' '), summary]);
  const columns = [{ title: 'DRILL' }, { title: 'VARIANTS' }, { title: 'WHAT IT SHOWS' }];
  return { text: textTable(columns, rows), json: { drills } };
}

async function drillsOf(call: Call, services: CliServices): Promise<readonly DrillSummary[]> {
  if (isAws(call)) return (await import('./aws/aws-drill.ts')).AWS_DRILLS;
  return (await services.drills()).drills;
}

async function run(call: Call, services: CliServices): Promise<Outcome> {
  const book = await services.drills();
  const name = call.args[0] ?? '';
  const names = (await drillsOf(call, services)).map((each) => each.name);
  if (!names.includes(name)) throw unknownName('drill', name, names);
  const chosen = chosenSeeds(call.options);
  const outcomes: DrillOutcome[] = [];
  for (const seed of chosen) outcomes.push(await runOne({ call, services, book, name, seed }));
  const [first] = outcomes;
  if (first && outcomes.length === 1) {
    const text = drillText(first, call.terminal.outColours);
    return { text, json: { ...first.report, dir: first.dir }, exitCode: verdictExit(first.report.verdict) };
  }
  const verdict = worstOf(outcomes.map(({ report }) => report.verdict));
  return {
    text: drillSummary(outcomes, call.terminal.outColours),
    json: { drill: name, verdict, runs: outcomes.map(({ report, dir }) => ({ ...report, dir })) },
    exitCode: verdictExit(verdict),
  };
}

async function runOne(options: {
  call: Call;
  services: CliServices;
  book: DrillBook;
  name: string;
  seed: number | null;
}): Promise<DrillOutcome> {
  const { call, services, book, name, seed } = options;
  const label = `drill ${name}${seed === null ? '' : `, seed ${seed}`}`;
  return call.progress(label, async (progress) => {
    const onProgress = (text: string) => progress.update(`${label}: ${text}`);
    if (isAws(call)) {
      const consent = { confirmed: call.options.confirm === true, production: call.options.production === true };
      return (await services.aws()).drill({ name, seed, options: drillOptions(call.options), onProgress, ...consent });
    }
    const attach = call.options.attach === true ? await services.attach() : null;
    return book.run({ name, seed, attach, options: drillOptions(call.options), onProgress });
  });
}

async function heal(call: Call, services: CliServices): Promise<Outcome> {
  const site = await services.aws();
  const healed = await call.progress('healing what was left', () => site.healDrill());
  const rows = [
    ...healed.experiments.map(({ name, region }) => `the experiment ${name} in ${region}: ended`),
    ...healed.functions.map(({ name, region, before }) => `${name} in ${region}: ${before ?? 'unreserved'} again`),
  ];
  return { text: rows.length === 0 ? 'Nothing is left behind.' : rows.join('\n'), json: { healed } };
}

function drillOptions({ region, cell, variant, keepStores }: Call['options']): Partial<DrillOptions> {
  return {
    ...(typeof region === 'string' ? { region } : {}),
    ...(typeof cell === 'string' ? { cell } : {}),
    ...(typeof variant === 'string' ? { variant } : {}),
    ...(keepStores === true ? { keepStores } : {}),
  };
}

/** `null`: the drill picks one and says which. */
function chosenSeeds({ seed, seeds: many }: Call['options']): readonly (number | null)[] {
  if (Array.isArray(many)) return many as readonly number[];
  return [typeof seed === 'number' ? seed : null];
}
