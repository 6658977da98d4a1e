/**
 * Automation in an operator's hands: its switch and its proposals, over the links of the first region that reaches the
 * arbiter, so that it can be turned off while a region is gone.
 */
import { unwritten } from '../control/failover/automation/automation-document.ts';
import type { AutomationStatus } from '../control/failover/automation/automation-status.ts';
import { changedSince, refuseChanged } from '../control/failover/automation/proposal.ts';
import { ARBITER_MS_MAX } from '../control/failover/failover-limits.ts';
import type { FailoverRecord } from '../control/failover/failover-record.ts';
import { PlatformError } from '../core/errors.ts';
import type { CellId, RegionName } from '../core/ids.ts';
import type { PlatformView } from '../local/platform-control.ts';
import type { Machine } from './failover-operator.ts';
import { Operator } from './operator.ts';
import type { OperatorPorts } from './operator-ports.ts';
import { linkReach } from './operator-reach.ts';
import { reachArbiter } from './reach-arbiter.ts';
import type { AutomationOperator } from './services.ts';
import { setAutomation } from './set-automation.ts';

const LIMIT = { withinMs: ARBITER_MS_MAX };
/** From memory; who needs longer is not well. */
const STATUS_MS_MAX = 1_000;

export async function openAutomationOperator(view: PlatformView, machine: Machine): Promise<AutomationOperator> {
  const opened = await reachArbiter(linkReach(view, machine.clock), {
    machine,
    probe: ({ automation }) => automation.document(LIMIT),
    without: 'Without it automation reads no setting and moves nothing.',
  });
  const { automation: store, timeline } = opened;
  const cells = view.topology.cells.map((spec) => spec.id);
  return {
    document: async () => (await store.document(LIMIT)) ?? unwritten(view.topology.automation.mode),
    set: (change) =>
      setAutomation({ store, timeline, otherwise: view.topology.automation.mode, clock: machine.clock }, change),
    statuses: () => Promise.all(view.topology.regions.map((region) => statusOf(view, region))),
    proposals: () => store.proposals(LIMIT),
    records: () => store.records(cells, LIMIT),
    approve: (cell, how) => approve({ opened, view, machine }, { cell, ...how }),
    close: () => opened.close(),
  };
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
