/** `holdfast deploy plan|run|resume|abort|status|freeze|unfreeze`: a release, cell by cell, with bake, gates and the way back. */
import type { Command } from 'commander';
import { FORCEABLE_NAMES } from '../../control/rollout/forced-gates.ts';
import type { RolloutLogLine, RolloutRecord } from '../../control/rollout/rollout-record.ts';
import { UNTOLD_TEXT } from '../../control/timeline/operator-lines.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { siteOf, withTarget } from '../operator-site.ts';
import { durationSeconds, oneOf } from '../option-parsers.ts';
import type { CliServices } from '../services.ts';
import type { Call, Outcome, Shell } from '../shell.ts';
import { duration } from '../text-table.ts';
import type { OnRollout, RolloutOperator, RolloutWish, ToldMark } from './rollout-operator.ts';
import { endText, heldText, previewText, progressText, statusText } from './rollout-text.ts';

/** What most bad releases need to show themselves to a cell's share of customers. */
const BAKE_SECONDS = 60;
const FREEZE_SECONDS = 8 * 3_600;

type Use = (call: Call, operator: RolloutOperator) => Promise<Outcome>;

export function addRolloutCommands(
  deploy: Command,
  { shell, services }: { readonly shell: Shell; readonly services: CliServices },
): void {
  const leaf = (name: string, description: string, use: Use) =>
    withTarget(deploy.command(name))
      .description(description)
      .action(shell.action((call) => withOperator(call, { services, use })));
  const wishing = (command: Command) =>
    command
      .option('--release <name>', 'one of "holdfast release list"')
      .option('--assembly <folder>', 'on AWS: what "npx cdk synth" wrote there, instead of synthesising now')
      .option('--bake <time>', 'how long each wave is watched before the next', durationSeconds, BAKE_SECONDS)
      .option('--why <text>', 'stands in the record, for the next one on duty', '')
      .option('--force <gate...>', `pass a gate by, with --why: ${FORCEABLE_NAMES}`);
  wishing(leaf('plan', 'the waves, the steps and what the gates see; changes nothing', plan));
  wishing(leaf('run', 'wave by wave: steps, bake, gates; back by itself when one of them says no', run));
  leaf('resume', 'go on with a rollout whose orchestrator is gone, forwards or back as it stands', resume);
  leaf('abort', 'take back what is under way', abort).requiredOption('--why <text>', 'stands in the record');
  leaf('status', 'what is under way, what its gates see, what was before', status);
  leaf('freeze', 'nothing is rolled out for a while', freeze)
    .argument('<on-or-off>', 'on, off', oneOf(['on', 'off']))
    .option('--why <text>', 'with on: stands in the refusal that others get')
    .option('--for <time>', 'ends by itself after: 90s, 15m, 8h, 2d', durationSeconds, FREEZE_SECONDS);
}

async function withOperator(
  call: Call,
  { services, use }: { readonly services: CliServices; readonly use: Use },
): Promise<Outcome> {
  const { assembly } = call.options;
  const operator = await (await siteOf(call, services)).rollouts({
    assemblyDir: typeof assembly === 'string' ? assembly : null,
  });
  try {
    return await use(call, operator);
  } finally {
    operator.close();
  }
}

async function plan(call: Call, operator: RolloutOperator): Promise<Outcome> {
  const preview = await call.progress('asking the gates', () => operator.plan(wishOf(call)));
  return {
    text: previewText(preview, call.terminal.outColours),
    json: preview,
    exitCode: preview.refusal === null ? EXIT.done : EXIT.refused,
  };
}

function run(call: Call, operator: RolloutOperator): Promise<Outcome> {
  return followed(call, { label: 'asking the gates', work: (onRollout) => operator.run(wishOf(call), onRollout) });
}

function resume(call: Call, operator: RolloutOperator): Promise<Outcome> {
  const label = 'looking whether its orchestrator still lives';
  return followed(call, { label, work: (onRollout) => operator.resume(onRollout) });
}

function abort(call: Call, operator: RolloutOperator): Promise<Outcome> {
  const work = (onRollout: OnRollout) => operator.abort(String(call.options.why), onRollout);
  return followed(call, { label: 'telling its orchestrator', work, wanted: ['aborted', 'rolled-back'] });
}

async function status(call: Call, operator: RolloutOperator): Promise<Outcome> {
  const seen = await operator.status();
  return { text: statusText(seen, call.terminal.outColours), json: seen };
}

async function freeze(call: Call, operator: RolloutOperator): Promise<Outcome> {
  const { why, for: seconds } = call.options;
  if (call.args[0] === 'off') {
    const mark = await operator.unfreeze();
    return { text: ['Changes may go out again.', ...untold(mark)].join('\n'), json: { freeze: mark.held } };
  }
  const mark = await operator.freeze({ why: typeof why === 'string' ? why : '', forMs: Number(seconds) * 1_000 });
  const text = [...heldText('Changes are frozen', mark.held), ...untold(mark)].join('\n');
  return { text, json: { freeze: mark.held } };
}

const untold = ({ told }: ToldMark): readonly string[] => (told ? [] : [UNTOLD_TEXT]);

interface Following {
  /** What is done before the record moves for the first time. */
  readonly label: string;
  readonly work: (onRollout: OnRollout) => Promise<RolloutRecord>;
  /** How it is meant to end. */
  readonly wanted?: readonly RolloutRecord['state'][];
}

/** Shows each move; where nobody looks, a line for each step and each bake that began. */
async function followed(call: Call, { label, work, wanted = ['done'] }: Following): Promise<Outcome> {
  const record = await call.progress(label, (progress) => {
    let last: RolloutLogLine | null = null;
    return work((at) => {
      const known = last;
      const from =
        known === null ? 0 : at.log.findLastIndex(({ atMs, text }) => atMs === known.atMs && text === known.text) + 1;
      for (const { text, tookMs } of at.log.slice(from)) progress.note(`  ${text} (${duration(tookMs)})`);
      last = at.log.at(-1) ?? last;
      if (call.terminal.moving) progress.update(progressText(at));
    });
  });
  return {
    text: endText(record, call.terminal.outColours),
    json: { rollout: record },
    exitCode: exitOf(record, wanted),
  };
}

function exitOf({ state }: RolloutRecord, wanted: readonly RolloutRecord['state'][]): ExitCode {
  if (wanted.includes(state)) return EXIT.done;
  return state === 'stopped' ? EXIT.unknown : EXIT.refused;
}

function wishOf({ options }: Call): RolloutWish {
  const { release, bake, why, force } = options;
  return {
    release: typeof release === 'string' ? release : null,
    bakeMs: Number(bake) * 1_000,
    why: typeof why === 'string' ? why : '',
    forced: Array.isArray(force) ? force.map(String) : [],
  };
}
