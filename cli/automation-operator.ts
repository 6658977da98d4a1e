/**
 * Automation in an operator's hands: its switch and its proposals, over the links of the first region that reaches the
 * arbiter, so that it can be turned off while a region is gone.
 */
import { userInfo } from 'node:os';
import {
  type AutomationDocument,
  type AutomationSetting,
  unwritten,
  withSetting,
} from '../control/failover/automation/automation-document.ts';
import type { AutomationStatus } from '../control/failover/automation/automation-status.ts';
import type { AutomationStore } from '../control/failover/automation/automation-store.ts';
import { changedSince, refuseChanged } from '../control/failover/automation/proposal.ts';
import { ARBITER_MS_MAX } from '../control/failover/failover-limits.ts';
import type { FailoverRecord } from '../control/failover/failover-record.ts';
import { automationLine } from '../control/timeline/operator-lines.ts';
import { isPlatformError, PlatformError } from '../core/errors.ts';
import type { CellId, RegionName } from '../core/ids.ts';
import type { PlatformView } from '../local/platform-control.ts';
import type { Machine } from './failover-operator.ts';
import { Operator } from './operator.ts';
import type { OperatorPorts } from './operator-ports.ts';
import { linkReach } from './operator-reach.ts';
import { reachArbiter } from './reach-arbiter.ts';
import type { AutomationOperator } from './services.ts';

const LIMIT = { withinMs: ARBITER_MS_MAX };
/** Control processes write the document too, when they reserve a move; more losses in a row than this mean something else. */
const SAVE_TRIES_MAX = 5;
/** From memory; who needs longer is not well. */
const STATUS_MS_MAX = 1_000;

type Setting = Partial<AutomationSetting> & { readonly reason: string };

export async function openAutomationOperator(view: PlatformView, machine: Machine): Promise<AutomationOperator> {
  const opened = await reachArbiter(linkReach(view, machine.clock), {
    machine,
    probe: ({ automation }) => automation.document(LIMIT),
    without: 'Without it automation reads no setting and moves nothing.',
  });
  const store = opened.automation;
  const cells = view.topology.cells.map((spec) => spec.id);
  return {
    document: async () => (await store.document(LIMIT)) ?? unwritten(view.topology.automation.mode),
    set: async (change) => {
      const document = await changeSetting({ store, view, machine }, change);
      const line = automationLine(document);
      if (line !== null) await opened.timeline.append(line);
      return document;
    },
    statuses: () => Promise.all(view.topology.regions.map((region) => statusOf(view, region))),
    proposals: () => store.proposals(LIMIT),
    records: () => store.records(cells, LIMIT),
    approve: (cell, how) => approve({ opened, view, machine }, { cell, ...how }),
    close: () => opened.close(),
  };
}

async function changeSetting(
  of: { store: AutomationStore; view: PlatformView; machine: Machine },
  change: Setting,
): Promise<AutomationDocument> {
  const by = userInfo().username;
  const stamped = { ...change, by, atMs: of.machine.clock.wallMs() };
  for (let attempt = 0; attempt < SAVE_TRIES_MAX; attempt++) {
    const present = await of.store.document(LIMIT).catch((thrown: unknown) => unreadable(thrown, change));
    if (present === 'unreadable') {
      const anew = withSetting(unwritten(of.view.topology.automation.mode), stamped);
      await of.store.overwrite(anew, LIMIT);
      return anew;
    }
    const next = withSetting(present ?? unwritten(of.view.topology.automation.mode), stamped);
    if (await of.store.save(next, LIMIT)) return next;
  }
  throw new PlatformError({
    code: 'VERSION_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `Somebody else wrote the automation document ${SAVE_TRIES_MAX} times in between. Nothing was changed; look at "holdfast automation status" and try again.`,
  });
}

/** Only "off" may replace what can't be read: nobody knows what was reserved in it. */
function unreadable(thrown: unknown, change: Setting): 'unreadable' {
  if (change.enabled === false && (!isPlatformError(thrown) || thrown.code === 'INVALID_INPUT')) return 'unreadable';
  throw thrown;
}

async function statusOf(view: PlatformView, region: RegionName) {
  const control = view.processes.find((process) => process.kind === 'control' && process.region === region);
  if (!control?.url) return { region, status: null };
  try {
    const headers = { authorization: `Holdfast-Internal ${view.internalSecret}` };
    const signal = AbortSignal.timeout(STATUS_MS_MAX);
    const response = await fetch(`${control.url}/automation`, { headers, signal });
    return { region, status: response.ok ? ((await response.json()) as AutomationStatus) : null };
  } catch {
    // Down, stopped or cut off: that it does not answer is the answer.
    return { region, status: null };
  }
}

async function approve(
  of: { opened: OperatorPorts; view: PlatformView; machine: Machine },
  how: { cell: CellId; reason: string | null; onProgress: (record: FailoverRecord) => void },
): Promise<FailoverRecord> {
  const { automation, ports } = of.opened;
  const proposal = (await automation.proposals(LIMIT)).find((each) => each.cell === how.cell);
  if (!proposal) throw noProposal(how.cell);
  const lease = await ports.leases.read(how.cell, LIMIT);
  if (lease) refuseChanged(proposal, changedSince(proposal, { lease, wallMs: of.machine.clock.wallMs() }));
  const { to, kind, reason } = proposal.decision;
  const operator = new Operator({ reach: linkReach(of.view, of.machine.clock), region: to, ...of.machine });
  try {
    const because = how.reason === null ? reason : `${how.reason} (proposed: ${reason})`;
    const decision = await operator.decide({ cell: how.cell, kind, to, reason: because });
    const record = await operator.run(decision, how.onProgress);
    await automation.withdraw(how.cell, LIMIT).catch(() => undefined); // It lapses by itself.
    return record;
  } finally {
    operator.close();
  }
}

function noProposal(cell: CellId): PlatformError {
  return new PlatformError({
    code: 'FAILOVER_REFUSED',
    kind: 'caller',
    effect: 'none',
    message: `Nothing is proposed for ${cell}. See "holdfast automation proposals"; to move it all the same, "holdfast failover run ${cell}".`,
  });
}
