/** `holdfast status`: the page that an operator looks at first. */
import type { Command } from 'commander';
import { capabilitiesOf } from './capabilities.ts';
import { isAws, withTarget } from './operator-site.ts';
import { type PlatformSnapshot, takeSnapshot } from './platform-snapshot.ts';
import type { CliServices } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';
import { statusPage, troublesOf } from './status-page.ts';

export function addStatusCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  withTarget(program.command('status'))
    .description('cells, owners, leases, lag, routers and their maps, what is down, what is injected')
    .action(
      shell.action(async (call) => {
        if (isAws(call)) return awsStatus(call, services);
        const snapshot = await call.progress('asking everybody', () => takeSnapshot(services));
        const page = { colours: call.terminal.outColours, nowMs: services.clock.wallMs() };
        return { text: statusPage(snapshot, page), json: statusJson(snapshot) };
      }),
    );
}

async function awsStatus(call: Call, services: CliServices): Promise<Outcome> {
  const { awsStatusPage, awsTroublesOf, NOT_KNOWN } = await import('./aws/aws-status-page.ts');
  const site = await services.aws();
  const snapshot = await call.progress('reading the tables', () => site.status());
  const nowMs = services.clock.wallMs();
  return {
    text: awsStatusPage(snapshot, { colours: call.terminal.outColours, nowMs }),
    json: { troubles: awsTroublesOf(snapshot, nowMs), ...snapshot, notKnown: NOT_KNOWN },
  };
}

/** Without the secret that lets an operator ask a cell directly. */
function statusJson(snapshot: PlatformSnapshot): unknown {
  const { pid, startedAtMs, engine, versions, dataDir, payments } = snapshot.view;
  return {
    troubles: troublesOf(snapshot),
    platform: { pid, startedAtMs, engine, versions, dataDir, payments },
    capabilities: capabilitiesOf(snapshot),
    cells: snapshot.cells,
    routers: snapshot.routers,
    down: snapshot.down,
    faults: snapshot.faults,
  };
}
