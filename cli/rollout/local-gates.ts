/** Every gate of the platform on this machine, with the prober that one of them stands on. */
import { tableMarkStore } from '../../control/adapters/table-mark-store.ts';
import { answersGate, errorBudgetGate } from '../../control/rollout/gates/answers-gates.ts';
import { lagGate, processesGate } from '../../control/rollout/gates/condition-gates.ts';
import { drillsGate, freezeGate } from '../../control/rollout/gates/marks-gates.ts';
import { failoversGate, proposalsGate } from '../../control/rollout/gates/moving-gates.ts';
import { Prober, probesGate } from '../../control/rollout/gates/probes-gate.ts';
import type { Gate } from '../../control/rollout/rollout-executor.ts';
import { openDevIssuer } from '../../local/issuer.ts';
import type { PlatformControl, PlatformView } from '../../local/platform-control.ts';
import type { Machine } from '../failover-operator.ts';
import type { OperatorPorts } from '../operator-ports.ts';
import { shopProbes } from './shop-probes.ts';
import { statusEyes } from './status-eyes.ts';

export interface LocalGatesOptions {
  readonly control: PlatformControl;
  readonly view: PlatformView;
  readonly ports: OperatorPorts;
  readonly machine: Machine;
  /** Where the issuer lies whose tokens the platform takes. */
  readonly issuerDir: string;
}

export interface OpenGates {
  readonly gates: readonly Gate[];
  /** Ends the probes. */
  close(): void;
}

/** Probes begin now, so that there is something to judge when the gates are first asked. */
export async function openLocalGates(options: LocalGatesOptions): Promise<OpenGates> {
  const { control, view, ports, machine, issuerDir } = options;
  const { clock } = machine;
  const cells = view.topology.cells.map(({ id }) => id);
  const marks = tableMarkStore({ arbiter: ports.arbiter, clock });
  const eyes = statusEyes({ control, clock });
  const issuer = await openDevIssuer(issuerDir);
  const issueToken = (tenant: string) => issuer.issueToken({ tenant });
  const probes = shopProbes({ topology: view.topology, routers: Object.values(view.routers), issueToken });
  const prober = new Prober({ port: probes, clock });
  const ending = new AbortController();
  void prober.run(ending.signal);
  return {
    gates: [
      failoversGate({ store: ports.automation, cells }),
      proposalsGate({ store: ports.automation, clock }),
      freezeGate({ marks, clock }),
      drillsGate({ marks, clock }),
      answersGate({ eyes }),
      errorBudgetGate({ eyes }),
      lagGate({ eyes }),
      processesGate({ eyes }),
      probesGate({ prober, cells }),
    ],
    close: () => ending.abort(),
  };
}
