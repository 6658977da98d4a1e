/** What the supervisor's tests share: stand-ins for the hosts, and waiting for a process to reach a state. */
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { PlatformControl, ProcessView } from '../../local/platform-control.ts';
import type { HostScripts } from '../../local/supervisor/launch.ts';

export function standIns(): HostScripts {
  const script = join(import.meta.dirname, 'stand-in-host.mjs');
  return { cell: script, router: script, control: script, payments: script };
}

const LOOK_EVERY_MS = 10;

/** The first process for which `matches` holds; bounded by the test's own time-out. */
export async function waitForState(
  platform: PlatformControl,
  matches: (process: ProcessView) => boolean,
): Promise<ProcessView> {
  for (;;) {
    const found = (await platform.view()).processes.find(matches);
    if (found) return found;
    await systemClock.sleep(LOOK_EVERY_MS);
  }
}
