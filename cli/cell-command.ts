/** `holdfast cell list`: the cells as they were declared, beside who owns them now. */
import type { Command } from 'commander';
import { fenceShards } from '../core/topology-sizing.ts';
import { type PlatformSnapshot, takeSnapshot } from './platform-snapshot.ts';
import type { CliServices } from './services.ts';
import type { Shell } from './shell.ts';
import { textTable } from './text-table.ts';

export function addCellCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  const cell = program.command('cell').description('the cells of the platform');
  cell
    .command('list')
    .description('every cell: where it lives, what it is sized for, who owns it now')
    .action(
      shell.action(async (call) => {
        const rows = cellRows(await call.progress('asking every cell', () => takeSnapshot(services)));
        return { text: table(rows), json: { cells: rows } };
      }),
    );
}

interface CellRow {
  readonly cell: string;
  readonly home: string;
  readonly standby: string;
  readonly active: string | null;
  readonly epoch: number | null;
  readonly wave: number;
  readonly weight: number;
  readonly intake: string;
  readonly writesPerSecondMax: number;
  readonly fenceShards: number;
}

function cellRows({ view, cells }: PlatformSnapshot): readonly CellRow[] {
  return view.topology.cells.map((spec) => {
    const now = cells.find((each) => each.cell === spec.id);
    return {
      cell: spec.id,
      home: spec.home,
      standby: spec.standby,
      active: now?.active ?? null,
      epoch: now?.epoch ?? null,
      wave: view.topology.waves.findIndex((wave) => wave.includes(spec.id)) + 1,
      weight: spec.weight,
      intake: spec.intake,
      writesPerSecondMax: spec.writesPerSecondMax,
      fenceShards: fenceShards(spec),
    };
  });
}

function table(rows: readonly CellRow[]): string {
  const columns = ['CELL', 'ACTIVE IN', 'EPOCH', 'HOME', 'STANDBY', 'WAVE', 'WEIGHT', 'INTAKE', 'WRITES/S', 'FENCE'];
  return textTable(
    columns.map((title) => ({ title })),
    rows.map((row) => [
      row.cell,
      row.active ?? 'nobody',
      row.epoch === null ? '–' : String(row.epoch),
      row.home,
      row.standby,
      String(row.wave),
      String(row.weight),
      row.intake,
      String(row.writesPerSecondMax),
      `${row.fenceShards} shards`,
    ]),
  );
}
