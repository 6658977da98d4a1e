/** The command line as a function: arguments in, output on the terminal, exit code out. It ends no process. */
import { Command } from 'commander';
import { addAutomationCommand } from './automation-command.ts';
import { addBenchCommand } from './bench-command.ts';
import { addCellCommand } from './cell-command.ts';
import { addCostCommand } from './cost-command.ts';
import { addDeployCommands } from './deploy-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addDocumentCommand } from './document-command.ts';
import { addDrillCommand } from './drill-command.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { addFailoverCommand } from './failover-command.ts';
import { addModeCommand } from './mode-command.ts';
import { addQuarantineCommand } from './quarantine-command.ts';
import { addRecoverCommand } from './recovery/recover-command.ts';
import { addReleaseCommand } from './release-command.ts';
import { addRouteCommand } from './route-command.ts';
import type { CliServices } from './services.ts';
import { Shell } from './shell.ts';
import { addStartCommand } from './start-command.ts';
import { addStatusCommand } from './status-command.ts';
import type { Terminal } from './terminal.ts';
import { addTimelineCommand } from './timeline-command.ts';
import { addTokenCommand } from './token-command.ts';
import { HelpShown, throwUsageErrors } from './usage-error.ts';

export interface CliOptions {
  readonly terminal: Terminal;
  readonly services: CliServices;
  readonly version: string;
  /** Stack traces of errors that nobody foresaw. */
  readonly debug: boolean;
}

/** Commander reads the rest; this is only for errors that come before it has. */
const JSON_FLAG = '--json';

const EPILOGUE = `
Every command takes --json. Exit codes: 0 done, 1 refused or failed, 2 usage, 3 unknown verdict.
First steps:  holdfast start   ·   holdfast token acme   ·   holdfast drill run region-lost`;

export async function runCli(argv: readonly string[], options: CliOptions): Promise<ExitCode> {
  const { terminal, services } = options;
  const shell = new Shell({ terminal, clock: services.clock, debug: options.debug });
  const program = buildProgram({ ...options, shell });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return shell.exitCode;
  } catch (thrown) {
    if (thrown instanceof HelpShown) return thrown.asked ? EXIT.done : EXIT.usage;
    shell.fail(thrown, { json: argv.includes(JSON_FLAG) });
    return shell.exitCode;
  }
}

function buildProgram({ terminal, services, version, shell }: CliOptions & { readonly shell: Shell }): Command {
  const program = new Command('holdfast')
    .description('A cell-based, multi-region platform whose failover is fenced, measured and drilled')
    .version(version, '-v, --version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', EPILOGUE);
  const context = { shell, services };
  addStartCommand(program, context);
  addStatusCommand(program, context);
  addTokenCommand(program, context);
  addTimelineCommand(program, context);
  addRouteCommand(program, context);
  addCellCommand(program, context);
  addFailoverCommand(program, context);
  addAutomationCommand(program, context);
  addModeCommand(program, context);
  addQuarantineCommand(program, context);
  addDocumentCommand(program, context);
  addDrillCommand(program, context);
  addBenchCommand(program, context);
  addReleaseCommand(program, context);
  addRecoverCommand(program, context);
  addDeployCommands(program, context);
  addDoctorCommand(program, context);
  addCostCommand(program, context);
  for (const command of allOf(program)) {
    if (command.commands.length === 0) command.option(JSON_FLAG, 'one line of JSON on stdout');
    command.helpCommand(false);
    command.configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
    throwUsageErrors(command);
  }
  return program;
}

function allOf(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap((each) => allOf(each))];
}
