/** A release on the platform of this machine, ready to be rolled out: what the rollout machine takes as its executor. */
import { ReleaseExecutor } from '../control/rollout/release/release-executor.ts';
import type { RolloutExecutor } from '../control/rollout/rollout-executor.ts';
import type { PlatformControl } from '../local/platform-control.ts';
import type { Machine } from './failover-operator.ts';
import { localReleasePorts } from './local-release-ports.ts';

export interface LocalRelease {
  readonly executor: RolloutExecutor;
  /** Lets go of connections. */
  close(): void;
}

/** `release`: its name, as `holdfast release list` shows it; the supervisor refuses one that it does not find, or finds damaged. */
export async function openLocalRelease(of: {
  readonly control: PlatformControl;
  readonly release: string;
  readonly machine: Machine;
}): Promise<LocalRelease> {
  const { control, release, machine } = of;
  const ports = localReleasePorts({ control, view: await control.view(), machine });
  return {
    executor: new ReleaseExecutor({ release, ports, clock: machine.clock }),
    close: () => ports.close(),
  };
}
