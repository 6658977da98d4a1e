/** `holdfast deploy [stacks]|destroy --target aws`: examined first, then stack after stack, and at the end what state each cell is in. */
import type { Command } from 'commander';
import type { DeployStep } from '../control/deploy/deploy-plan.ts';
import type { DeployEars } from '../control/deploy/run-deploy.ts';
import { invalid } from '../core/errors.ts';
import type { CloudDesk } from './aws/cloud-desk.ts';
import { deployText, destroyText, outcomeLine, refusalText, removalLine } from './deploy-text.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { tellingWhenInterrupted } from './interruption.ts';
import { unknownName } from './nearest.ts';
import { oneOf } from './option-parsers.ts';
import { addRolloutCommands } from './rollout/rollout-command.ts';
import type { CliServices } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';

const TARGETS = ['local', 'aws'];
const EXIT_OF: Readonly<Record<'done' | 'failed' | 'unknown', ExitCode>> = {
  done: EXIT.done,
  failed: EXIT.refused,
  unknown: EXIT.unknown,
};

export function addDeployCommands(
  program: Command,
  { shell, services }: { shell: Shell; services: CliServices },
): void {
  const deployment = program
    .command('deploy')
    .description('bring the code of this platform out, in stages or as a whole');
  // Without a command it is this one: "holdfast deploy --target aws" is how an account gets its platform.
  deployment
    .command('stacks', { isDefault: true })
    .description('every stack of an account, one after the other, without bake; run again, it goes on')
    .argument('[nothing]')
    .option('--target <target>', 'where to: aws', oneOf(TARGETS), 'local')
    .option('--cell <cell>', 'only this cell')
    .option('--region <region>', 'with --cell: only in this region')
    .option('--assembly <folder>', 'deploy what "npx cdk synth" wrote there, instead of synthesising now')
    .action(shell.action(async (call) => deploy(call, await cloud(known(call, deployment), services))));
  addRolloutCommands(deployment, { shell, services });
  program
    .command('destroy')
    .description('remove the platform, in the reverse order of a deployment')
    .option('--target <target>', 'from where: aws', oneOf(TARGETS), 'local')
    .option('--yes', 'without it, it only says what it would remove')
    .option('--production', 'also when the stage is "production"')
    .action(shell.action(async (call) => destroy(call, await cloud(call, services))));
}

/** What is no command of `deploy` comes here, as the default's argument. */
function known(call: Call, deployment: Command): Call {
  const [word] = call.args;
  if (word === undefined) return call;
  throw unknownName(
    'command of holdfast deploy:',
    word,
    deployment.commands.map((command) => command.name()),
  );
}

async function deploy(call: Call, desk: CloudDesk): Promise<Outcome> {
  const { cell, region, assembly } = call.options;
  const named = (value: unknown) => (typeof value === 'string' ? value : null);
  const request = { cell: named(cell), region: named(region), assemblyDir: named(assembly) };
  const prepared = await call.progress('synthesising the app and examining the account', () =>
    desk.prepareDeploy(request),
  );
  const { account, findings } = prepared;
  try {
    if (findings.some(({ level }) => level === 'blocker')) {
      const text = refusalText(findings, call.terminal.outColours);
      return { text, json: { state: 'refused', account, findings }, exitCode: EXIT.refused };
    }
    let at = 'before the first stack';
    const standing = () =>
      `interrupted ${at}. CloudFormation goes on with that stack by itself; those before it are done, those after it serve what they did. Run the same command again: it waits for what still moves and goes on from there.`;
    const report = await call.progress('deploying', (progress) => {
      const heard = ears(call, progress);
      const onStep: DeployEars['onStep'] = (step, position) => {
        at = `at [${position.index + 1}/${position.count}] ${step.stack} in ${step.region}`;
        heard.onStep(step, position);
      };
      return tellingWhenInterrupted(call.terminal, { standing, work: () => prepared.run({ ...heard, onStep }) });
    });
    return {
      text: deployText(report, call.terminal.outColours),
      json: { account, findings, ...report },
      exitCode: EXIT_OF[report.state],
    };
  } finally {
    await prepared.close();
  }
}

/** A line for each stack that is through; where a person looks, the present one in motion, resource by resource. */
function ears({ terminal }: Call, progress: { update(text: string): void; note(text: string): void }): DeployEars {
  let at = '';
  const place = ({ stack, region }: DeployStep) => `${at} ${stack} in ${region}`;
  return {
    onStep: (step, { index, count }) => {
      at = `[${index + 1}/${count}]`;
      progress.update(place(step));
    },
    onProgress: (step, { done, total, last }) => {
      if (terminal.moving) progress.update(`${place(step)}: ${done}/${total ?? '?'} resources, ${last}`);
    },
    onNote: (step, note) => progress.note(`${place(step)}: ${note}`),
    onOutcome: (outcome) => progress.note(`${at} ${outcomeLine(outcome, terminal.errColours)}`),
  };
}

async function destroy(call: Call, desk: CloudDesk): Promise<Outcome> {
  const production = call.options.production === true;
  const prepared = await call.progress('looking at the account', () => desk.prepareDestroy({ production }));
  const { account, removals } = prepared;
  if (call.options.yes !== true) {
    const names = removals.map(({ stack, region }) => `  ${stack} in ${region}`).join('\n');
    throw invalid(
      `This would remove from account ${account}, in this order, with all data of a sandbox:\n${names}\nNothing was removed. If you mean it, repeat with --yes.`,
    );
  }
  let at = 'before the first stack';
  const standing = () =>
    `interrupted at ${at}. CloudFormation goes on with that stack by itself; those after it are still there. Run the same command again to remove the rest.`;
  const report = await call.progress('removing', (progress) => {
    const work = () =>
      prepared.run({
        onRemoval: ({ stack, region }, { index, count }) => {
          at = `[${index + 1}/${count}] ${stack} in ${region}`;
          progress.update(at);
        },
        onOutcome: (outcome) => progress.note(removalLine(outcome, call.terminal.errColours)),
      });
    return tellingWhenInterrupted(call.terminal, { standing, work });
  });
  return {
    text: destroyText(report, call.terminal.outColours),
    json: { account, ...report },
    exitCode: EXIT_OF[report.state],
  };
}

async function cloud(call: Call, services: CliServices): Promise<CloudDesk> {
  if (call.options.target === 'aws') return services.cloud();
  throw invalid(
    'On one machine there are no stacks: "holdfast start" runs the platform, "holdfast deploy run --release <name>" brings it another release. For an AWS account add --target aws.',
  );
}
