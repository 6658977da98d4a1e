/** `holdfast bench [name]`: measures, and says with which machine and versions. Without a name: what can be measured. */
import type { Command } from 'commander';
import { unknownName } from './nearest.ts';
import type { CliServices } from './services.ts';
import type { Shell } from './shell.ts';
import { textTable } from './text-table.ts';

export function addBenchCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  program
    .command('bench')
    .description('measure the platform; results as JSON under bench/results/')
    .argument('[name]', 'without it: the list')
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
        return call.progress(`bench ${name}`, (progress) =>
          bench.run({ onProgress: (text) => progress.update(`bench ${name}: ${text}`) }),
        );
      }),
    );
}
