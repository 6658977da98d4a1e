/** `holdfast quarantine list|settled|show|adopt|merge|discard`: what arrived too late, and what became of it. */
import type { Command } from 'commander';
import { type PersonsWish, WISHES } from '../cell/reconcile/settle-order.ts';
import { journalSk } from '../cell/store/table-layout.ts';
import { invalid, isPlatformError } from '../core/errors.ts';
import { aggregateId, type CellId, shown } from '../core/ids.ts';
import { unknownName } from './nearest.ts';
import { type OperatorSite, siteOf, withTarget } from './operator-site.ts';
import { detailText, listText, settledText } from './quarantine-text.ts';
import type { CliServices, QuarantineOperator } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';

const WISH_TEXT: Readonly<Record<PersonsWish, string>> = {
  adopt: 'make it again as it is; refused if others wrote since',
  merge: 'make it again on what others wrote, by the function that its service declares',
  discard: 'leave it out for good; the audit keeps it',
};

export function addQuarantineCommand(
  program: Command,
  { shell, services }: { shell: Shell; services: CliServices },
): void {
  const quarantine = program.command('quarantine').description('commits that came too late for the line of history');
  const cellOption = ['--cell <cell>', 'only this cell, such as c01'] as const;
  const afterOption = ['--after <id>', 'go on behind this row, with --cell'] as const;
  withTarget(quarantine.command('list'))
    .description('what waits, in both stores of every cell')
    .option(...cellOption)
    .option(...afterOption)
    .action(shell.action((call) => list(call, services)));
  withTarget(quarantine.command('settled'))
    .description('the audit: what became of those that waited, by whom and why')
    .option(...cellOption)
    .option(...afterOption)
    .action(shell.action((call) => settled(call, services)));
  withTarget(quarantine.command('show'))
    .description('the commit beside the present state, and what each choice would do')
    .argument('<id>', 'as the list has it')
    .option(...cellOption)
    .action(shell.action((call) => show(call, services)));
  for (const wish of WISHES) {
    withTarget(quarantine.command(wish))
      .description(WISH_TEXT[wish])
      .argument('<id>', 'as the list has it')
      .requiredOption('--reason <text>', 'why; stands in the audit')
      .option(...cellOption)
      .action(shell.action((call) => settle(call, { services, wish })));
  }
}

interface Opened {
  readonly operator: QuarantineOperator;
  readonly cells: readonly CellId[];
}

async function list(call: Call, services: CliServices): Promise<Outcome> {
  const after = afterOf(call);
  const { operator, cells } = await open(call, services);
  const found = await call.progress('asking the owners', () =>
    Promise.all(cells.map(async (cell) => ({ cell, ...(await operator.list(cell, after)) }))),
  );
  return { text: listText(found), json: { cells: found } };
}

async function settled(call: Call, services: CliServices): Promise<Outcome> {
  const after = afterOf(call);
  const { operator, cells } = await open(call, services);
  const found = await call.progress('asking the owners', () =>
    Promise.all(cells.map(async (cell) => ({ cell, ...(await operator.settled(cell, after)) }))),
  );
  return { text: settledText(found), json: { cells: found } };
}

async function show(call: Call, services: CliServices): Promise<Outcome> {
  const opened = await open(call, services);
  const { cell, detail } = await call.progress('asking the owner', () => find(opened, idOf(call)));
  return { text: detailText(detail), json: { cell, ...detail } };
}

async function settle(call: Call, { services, wish }: { services: CliServices; wish: PersonsWish }): Promise<Outcome> {
  const opened = await open(call, services);
  const id = idOf(call);
  const done = await call.progress(`${wish} ${id}`, async () => {
    const { cell } = await find(opened, id);
    return { cell, ...(await opened.operator.settle(cell, { id, wish, reason: String(call.options.reason) })) };
  });
  const as = done.takenInAs ? ` as ${done.takenInAs.epoch}.${done.takenInAs.version}` : '';
  return { text: `${done.commit.aggregate} in ${done.cell}: ${done.action}${as} (${done.reason}).`, json: done };
}

async function open(call: Call, services: CliServices): Promise<Opened> {
  const site = await siteOf(call, services);
  return { operator: await site.quarantine(), cells: cellsOf(site, call.options.cell) };
}

function cellsOf({ topology }: OperatorSite, name: unknown): readonly CellId[] {
  const ids = topology.cells.map((cell) => cell.id);
  if (typeof name !== 'string') return ids;
  const cell = ids.find((id) => id === name);
  if (cell) return [cell];
  throw unknownName('cell', name, ids);
}

/** An id does not say its cell, and asking is cheap. */
async function find({ operator, cells }: Opened, id: string) {
  let missing: unknown = null;
  for (const cell of cells) {
    try {
      return { cell, detail: await operator.show(cell, id) };
    } catch (thrown) {
      if (!isPlatformError(thrown) || thrown.code !== 'NOT_FOUND') throw thrown;
      // The one that says what became of it says more.
      if (missing === null || /It was /.test(thrown.message)) missing = thrown;
    }
  }
  throw missing;
}

/** A row is of one cell; in the others it would be an arbitrary place. */
function afterOf({ options }: Call): string | null {
  if (typeof options.after !== 'string') return null;
  if (typeof options.cell === 'string') return storedId(options.after);
  throw invalid(`--after ${shown(options.after)} without --cell. Say of which cell the row is.`);
}

const idOf = ({ args: [given = ''] }: Call): string => storedId(given);

/** `order/acme/ord_1@3.17`, or the id as the store has it. */
function storedId(given: string): string {
  const short = /^(.+)@(\d{1,10})\.(\d{1,12})$/.exec(given);
  if (short) return journalSk(aggregateId(short[1]), { epoch: Number(short[2]), version: Number(short[3]) });
  if (/^[^#]+#\d{10}#\d{12}$/.test(given)) return given;
  throw invalid(
    `Seen: ${shown(given)}. Allowed: an id as "holdfast quarantine list" has it, such as stock/acme/mug@3.17.`,
  );
}
