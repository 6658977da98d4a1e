/** `holdfast status`: the page that an operator looks at first. */
import type { Command } from 'commander';
import { type PlatformSnapshot, takeSnapshot } from './platform-snapshot.ts';
import type { CliServices } from './services.ts';
import type { Shell } from './shell.ts';
import { statusPage, troublesOf } from './status-page.ts';

export function addStatusCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  program
    .command('status')
    .description('cells, owners, leases, lag, routers and their maps, what is down, what is injected')
    .action(
      shell.action(async (call) => {
        const snapshot = await call.progress('asking everybody', () => takeSnapshot(services));
        const page = { colours: call.terminal.outColours, nowMs: services.clock.wallMs() };
        return { text: statusPage(snapshot, page), json: statusJson(snapshot) };
      }),
    );
}

/** Without the secret that lets an operator ask a cell directly. */
function statusJson(snapshot: PlatformSnapshot): unknown {
  const { pid, startedAtMs, engine, versions, dataDir, payments } = snapshot.view;
  return {
    troubles: troublesOf(snapshot),
    platform: { pid, startedAtMs, engine, versions, dataDir, payments },
    cells: snapshot.cells,
    routers: snapshot.routers,
    down: snapshot.down,
    faults: snapshot.faults,
  };
}
