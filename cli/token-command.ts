/** `holdfast token <tenant>`: a token of the local issuer, alone on stdout, so that a shell can take it as it is. */
import type { Command } from 'commander';
import { durationSeconds } from './option-parsers.ts';
import type { CliServices } from './services.ts';
import type { Shell } from './shell.ts';

/** A working day: nobody has to fetch a new one while trying things out. */
const TTL_SECONDS_DEFAULT = 8 * 3_600;

export function addTokenCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  program
    .command('token')
    .description('issue a token for a tenant, signed by the local development issuer')
    .argument('<tenant>', '1–64 of A–Z a–z 0–9 . _ -')
    .option('--ttl <time>', 'how long it is valid: 90s, 15m, 8h, 2d', durationSeconds, TTL_SECONDS_DEFAULT)
    .action(
      shell.action(async ({ args, options }) => {
        const tenant = args[0] ?? '';
        const ttlSeconds = Number(options.ttl);
        const token = await services.issueToken({ tenant, ttlSeconds });
        return { text: token, json: { tenant, token, ttlSeconds } };
      }),
    );
}
