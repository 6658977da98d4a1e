/** `holdfast failover plan|run|back <cell>`: the decision with its evidence, then the steps as they happen. */
import type { Command } from 'commander';
import type { FailoverKind, FailoverRecord } from '../control/failover/failover-record.ts';
import type { CellId, RegionName } from '../core/ids.ts';
import { EXIT } from './exit-code.ts';
import { decisionText, recordText } from './failover-text.ts';
import { unknownName } from './nearest.ts';
import { type OperatorSite, siteOf, withTarget } from './operator-site.ts';
import type { CliServices, FailoverOperator, FailoverRequest } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';
import { duration } from './text-table.ts';

const REASON_DEFAULT = 'not given';

export function addFailoverCommand(
  program: Command,
  { shell, services }: { shell: Shell; services: CliServices },
): void {
  const failover = program.command('failover').description('move a cell to its other region');
  const leaf = (name: string, description: string) =>
    withTarget(failover.command(name))
      .description(description)
      .argument('<cell>', 'such as c01')
      .option('--to <region>', 'the receiving region (default: the one that does not hold the cell)')
      .option('--from-region <region>', 'run it from this region (default: the receiving one)')
      .option('--reason <text>', 'why; stands in the record', REASON_DEFAULT)
      .option('--repair <text>', 'your answer to "is it quicker to repair?"; stands in the record');
  leaf('plan', 'gather the evidence and say what would happen; changes nothing')
    .option('--planned', 'plan a switchover, which must lose nothing')
    .action(shell.action((call) => plan(call, services)));
  leaf('run', 'write the decision down, then carry it out: fence first')
    .option('--planned', 'a switchover: refuse at any doubt, lose nothing')
    .option('--resume', 'go on with a failover whose coordinator is gone')
    .action(shell.action((call) => run(call, { services, kind: call.options.planned ? 'switchover' : 'failover' })));
  leaf('back', 'bring the cell back to its home region, losing nothing').action(
    shell.action((call) => run(call, { services, kind: 'failback' })),
  );
}

interface Opened {
  readonly operator: FailoverOperator;
  readonly request: Omit<FailoverRequest, 'kind'>;
}

async function plan(call: Call, services: CliServices): Promise<Outcome> {
  const kind: FailoverKind = call.options.planned ? 'switchover' : 'failover';
  const { operator, request } = await open(call, services);
  try {
    const decision = await call.progress('gathering evidence', () => operator.decide({ ...request, kind }));
    const refused = decision.objections.length > 0;
    return {
      text: decisionText(decision, call.terminal.outColours),
      json: { region: operator.region, decision },
      exitCode: refused ? EXIT.refused : EXIT.done,
    };
  } finally {
    operator.close();
  }
}

async function run(call: Call, { services, kind }: { services: CliServices; kind: FailoverKind }): Promise<Outcome> {
  const { operator, request } = await open(call, services);
  try {
    const record = await call.progress(`${kind} of ${request.cell}`, async (progress) => {
      const onProgress = (at: FailoverRecord) => {
        const taken = at.log.map(({ step, tookMs }) => `${step} ${duration(tookMs)}`);
        progress.update(`${kind} of ${request.cell}: ${[...taken, at.step].join(' → ')}`);
      };
      if (call.options.resume) return operator.resume(onProgress);
      return operator.run(await operator.decide({ ...request, kind }), onProgress);
    });
    return {
      text: recordText(record, call.terminal.outColours),
      json: { region: operator.region, record },
      exitCode: record.state === 'done' ? EXIT.done : EXIT.refused,
    };
  } finally {
    operator.close();
  }
}

async function open(call: Call, services: CliServices): Promise<Opened> {
  const site = await siteOf(call, services);
  const cell = knownCell(site, call.args[0] ?? '');
  const to = knownRegion(site, call.options.to);
  const fromRegion = knownRegion(site, call.options.fromRegion) ?? to;
  const { reason, repair } = call.options;
  return {
    operator: await site.failover({ cell, fromRegion }),
    request: {
      cell,
      to,
      reason: typeof reason === 'string' ? reason : REASON_DEFAULT,
      ...(typeof repair === 'string' ? { repair } : {}),
    },
  };
}

function knownCell({ topology }: OperatorSite, name: string): CellId {
  const ids = topology.cells.map((cell) => cell.id);
  const cell = ids.find((id) => id === name);
  if (cell) return cell;
  throw unknownName('cell', name, ids);
}

function knownRegion({ topology }: OperatorSite, name: unknown): RegionName | null {
  if (typeof name !== 'string') return null;
  const region = topology.regions.find((each) => each === name);
  if (region) return region;
  throw unknownName('region', name, topology.regions);
}
