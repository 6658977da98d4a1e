/** The `mode` commands that change nothing: what is published, what each process really does, and what it all means. */
import type { Shelf } from '../core/documents/document-type.ts';
import { type Grant, grantText, REDUCTION_PROMISES } from '../core/modes/grant.ts';
import { LADDER, LEVEL_PROMISES, LEVELS, TIER_PROMISES } from '../core/modes/ladder.ts';
import { ladderMarkdown } from '../core/modes/ladder-page.ts';
import { type ModesBody, NO_MODES } from '../core/modes/modes-document.ts';
import { modesType } from '../core/modes/modes-type.ts';
import { OPERATIONS } from '../core/modes/operations.ts';
import { reachOf, SWITCH_NAMES, SWITCHES } from '../core/modes/switches.ts';
import { ladderText, levelText, listText, type ProcessModes } from './mode-text.ts';
import { unknownName } from './nearest.ts';
import { type PlatformSnapshot, takeSnapshot } from './platform-snapshot.ts';
import type { CliServices, DocumentOperator } from './services.ts';
import type { Call, Outcome } from './shell.ts';

interface Of {
  readonly operator: DocumentOperator;
  readonly services: CliServices;
}

export const list = {
  /** With what each process says. */
  whole: async (call: Call, { operator, services }: Of): Promise<Outcome> => {
    const [shelf, snapshot] = await call.progress('asking the arbiter and every process', () =>
      Promise.all([operator.shelf(modesType), takeSnapshot(services)]),
    );
    return listed(call, { shelf, processes: processesOf(snapshot), nowMs: services.clock.wallMs() });
  },
  /** What is published, where no process can be asked from here. */
  published: async (call: Call, { operator, services }: Of): Promise<Outcome> =>
    listed(call, { shelf: await operator.shelf(modesType), processes: null, nowMs: services.clock.wallMs() }),
};

export async function level(call: Call, services: CliServices): Promise<Outcome> {
  const snapshot = await call.progress('asking every process', () => takeSnapshot(services));
  const [name] = call.args;
  const ids = snapshot.cells.map(({ cell }) => cell);
  if (name !== undefined && !ids.includes(name)) throw unknownName('cell', name, ids);
  const processes = processesOf(snapshot).filter(({ cell }) => name === undefined || cell === name);
  return { text: levelText(processes, call.terminal.outColours), json: { processes } };
}

export async function ladder({ options, terminal }: Call): Promise<Outcome> {
  const text = options.markdown === true ? ladderMarkdown() : ladderText(terminal.outColours);
  const grants = (row: Readonly<Record<number, Grant>>) =>
    Object.fromEntries(LEVELS.map((each) => [each, grantText(row[each] ?? { kind: 'refused' })]));
  return {
    text,
    json: {
      levels: LEVELS.map((each) => ({ level: each, promise: LEVEL_PROMISES[each] })),
      tiers: TIER_PROMISES,
      reductions: REDUCTION_PROMISES,
      operations: OPERATIONS.map((operation) => ({ ...operation, grants: grants(LADDER[operation.name]) })),
      switches: SWITCH_NAMES.map((name) => {
        const { reach, summary } = SWITCHES[name];
        const takes = reachOf(name).map(({ operation, grant }) => ({ operation, leaves: grantText(grant) }));
        return { name, reach, summary, takes };
      }),
    },
  };
}

function listed(
  call: Call,
  of: { readonly shelf: Shelf; readonly processes: readonly ProcessModes[] | null; readonly nowMs: number },
): Outcome {
  const { stable, staged } = of.shelf;
  const body = (stable?.body ?? NO_MODES) as ModesBody;
  const published = { version: stable?.version ?? 0, body };
  const onItsWay = staged && { version: staged.edition.version, cells: staged.cells };
  const page = { published, staged: onItsWay, processes: of.processes, nowMs: of.nowMs };
  return {
    text: listText(page, call.terminal.outColours),
    json: { version: published.version, ...body, staged: onItsWay, processes: of.processes },
  };
}

function processesOf({ cells }: PlatformSnapshot): readonly ProcessModes[] {
  return cells.flatMap(({ cell, regions }) =>
    regions.map(({ region, role, modes }) => ({ cell, region, role, modes })),
  );
}
