/** `holdfast cost`: what the configured topology costs on AWS, before anybody has deployed it. Asks nobody. */
import type { Command } from 'commander';
import { KEEPER_CADENCES } from '../core/topology-aws.ts';
import { CELLS_MAX } from '../core/topology-rules.ts';
import { defaultTopology } from '../core/topology-sizing.ts';
import { oneOf, wholeNumber } from './option-parsers.ts';
import type { CliServices } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';

export function addCostCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  program
    .command('cost')
    .description('what the topology costs a month on AWS: idle, by request, and what of it is resilience')
    .option(
      '--cells <n>',
      'with so many cells (default: those of platform.config.ts)',
      wholeNumber({ min: 1, max: CELLS_MAX }),
    )
    .option('--keepers <cadence>', `${KEEPER_CADENCES.join(', ')} (default: as configured)`, oneOf(KEEPER_CADENCES))
    .action(shell.action((call) => cost(call, services)));
}

async function cost(call: Call, services: CliServices): Promise<Outcome> {
  const [{ estimate }, { estimateText }] = await Promise.all([
    import('./cost/estimate.ts'),
    import('./cost/estimate-text.ts'),
  ]);
  const base = await services.topology();
  const { cells } = call.options;
  const topology = typeof cells === 'number' ? defaultTopology({ cells, base }) : base;
  const keepers = KEEPER_CADENCES.find((name) => name === call.options.keepers) ?? base.aws.keepers;
  const json = estimate({ topology, keepers });
  return { text: estimateText(json), json };
}
