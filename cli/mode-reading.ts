/** The `mode` commands that change nothing: what is published, what each process really does, and what it all means. */
import type { Shelf } from '../core/documents/document-type.ts';
import { isPlatformError } from '../core/errors.ts';
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

/** With what each process says, also while nobody can read what is published. */
export async function listHere(call: Call, services: CliServices): Promise<Outcome> {
  const snapshot = await call.progress('asking every process', () => takeSnapshot(services));
  const shelf = await shelfOf(services, snapshot);
  return listed(call, { shelf, processes: processesOf(snapshot), nowMs: services.clock.wallMs() });
}

/** What is published, where no process can be asked from here. */
export async function listPublished(call: Call, { operator, services }: Of): Promise<Outcome> {
  const shelf = await operator.shelf(modesType);
  return listed(call, { shelf, processes: null, nowMs: services.clock.wallMs() });
}

/** `null`: the arbiter does not answer, which is when a person most wants to know what the processes do. */
async function shelfOf(services: CliServices, { view }: PlatformSnapshot): Promise<Shelf | null> {
  try {
    const operator = await services.documents(view);
    return await operator.shelf(modesType).finally(() => operator.close());
  } catch (thrown) {
    if (isPlatformError(thrown) && thrown.kind === 'dependency') return null;
    throw thrown;
  }
}

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
  of: { readonly shelf: Shelf | null; readonly processes: readonly ProcessModes[] | null; readonly nowMs: number },
): Outcome {
  const { stable, staged } = of.shelf ?? { stable: null, staged: null };
  const body = (stable?.body ?? NO_MODES) as ModesBody;
  const published = of.shelf === null ? null : { version: stable?.version ?? 0, body };
  const onItsWay = staged && { version: staged.edition.version, cells: staged.cells };
  const page = { published, staged: onItsWay, processes: of.processes, nowMs: of.nowMs };
  return {
    text: listText(page, call.terminal.outColours),
    json: { version: published?.version ?? null, ...body, staged: onItsWay, processes: of.processes },
  };
}

function processesOf({ cells }: PlatformSnapshot): readonly ProcessModes[] {
  return cells.flatMap(({ cell, regions }) =>
    regions.map(({ region, role, modes }) => ({ cell, region, role, modes })),
  );
}
