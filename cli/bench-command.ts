/** `holdfast bench [name]`: measures, and says with which machine and versions. Without a name: what can be measured. */
import type { Command } from 'commander';
import { unknownName } from './nearest.ts';
import { wholeNumber } from './option-parsers.ts';
import type { CliServices } from './services.ts';
import type { Shell } from './shell.ts';
import { textTable } from './text-table.ts';

export function addBenchCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  program
    .command('bench')
    .description('measure the platform; results as JSON under bench/results/')
    .argument('[name]', 'without it: the list')
    .option('--quick', 'a smoke test: figures of no worth, nothing is kept')
    .option('--rounds <n>', 'starts, rounds or seeds, whatever the bench repeats', wholeNumber({ min: 1, max: 1_000 }))
    .option('--entries <n>', 'drain: commits in the journal', wholeNumber({ min: 100, max: 10_000_000 }))
    .action(
      shell.action(async (call) => {
        const benches = await services.benches();
        const [name] = call.args;
        if (name === undefined) {
          const rows = benches.map((bench) => [bench.name, bench.summary]);
          const names = benches.map((bench) => ({ name: bench.name, summary: bench.summary }));
          return {
            text: textTable([{ title: 'BENCH' }, { title: 'WHAT IT MEASURES' }], rows),
            json: { benches: names },
          };
        }
        const bench = benches.find((each) => each.name === name);
        if (!bench) {
          const known = benches.map((each) => each.name);
          throw unknownName('bench', name, known);
        }
        const { quick, rounds, entries } = call.options;
        return call.progress(`bench ${name}`, (progress) =>
          bench.run({
            quick: quick === true,
            rounds: typeof rounds === 'number' ? rounds : null,
            entries: typeof entries === 'number' ? entries : null,
            onProgress: (text) => progress.update(`bench ${name}: ${text}`),
          }),
        );
      }),
    );
}
