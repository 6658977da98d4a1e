/** `holdfast doctor`: what would keep the platform from running here, or from being deployed there, each with its remedy. It only looks. */
import type { Command } from 'commander';
import { blocker, type Finding } from '../control/doctor/finding.ts';
import { isPlatformError } from '../core/errors.ts';
import { findingsText } from './doctor-text.ts';
import { EXIT } from './exit-code.ts';
import { oneOf } from './option-parsers.ts';
import type { CliServices } from './services.ts';
import type { Shell } from './shell.ts';

export function addDoctorCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  program
    .command('doctor')
    .description('look for what would keep the platform from running, and say what to do about it')
    .option(
      '--target <target>',
      'local: this machine; aws: the account of your credentials',
      oneOf(['local', 'aws']),
      'local',
    )
    .option('--assembly <folder>', 'with --target aws: examine for what "npx cdk synth" wrote there')
    .action(
      shell.action(async (call) => {
        const { target, assembly } = call.options;
        const assemblyDir = typeof assembly === 'string' ? assembly : null;
        const look = () => (target === 'aws' ? ofAccount(services, assemblyDir) : services.examineMachine());
        const findings = await call.progress('looking', look);
        const ready = findings.every(({ level }) => level !== 'blocker');
        const end = ready ? call.terminal.outColours.green('Ready.') : call.terminal.outColours.red('Not ready.');
        return {
          text: `${findingsText(findings, call.terminal.outColours)}\n${end}`,
          json: { ready, findings },
          exitCode: ready ? EXIT.done : EXIT.refused,
        };
      }),
    );
}

/** Without credentials nothing else can be seen; that is a finding too. */
async function ofAccount(services: CliServices, assemblyDir: string | null): Promise<readonly Finding[]> {
  try {
    const prepared = await (await services.cloud()).prepareDeploy({ cell: null, region: null, assemblyDir });
    await prepared.close();
    return prepared.findings;
  } catch (thrown) {
    if (!isPlatformError(thrown) || thrown.code !== 'UNAUTHENTICATED') throw thrown;
    return [
      blocker({
        check: 'credentials',
        seen: thrown.message,
        remedy: 'aws sso login, or AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      }),
    ];
  }
}
