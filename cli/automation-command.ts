/** `holdfast automation …`: who decides when a region looks dead, the switch above it, and what waits for a person's word. */
import type { Command } from 'commander';
import type { AutomationSetting } from '../control/failover/automation/automation-document.ts';
import type { FailoverRecord } from '../control/failover/failover-record.ts';
import { UNTOLD_TEXT } from '../control/timeline/operator-lines.ts';
import { invalid } from '../core/errors.ts';
import { AUTOMATION_MODES } from '../core/topology-automation.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { proposalsText, settingText, statusText } from './automation-text.ts';
import { EXIT } from './exit-code.ts';
import { recordText } from './failover-text.ts';
import { unknownName } from './nearest.ts';
import type { AutomationOperator, CliServices } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';

type Use = (operator: AutomationOperator, view: PlatformView) => Promise<Outcome>;

export function addAutomationCommand(
  program: Command,
  { shell, services }: { shell: Shell; services: CliServices },
): void {
  const automation = program
    .command('automation')
    .description('let the platform propose or carry out failovers, or not');
  const leaf = (name: string, description: string, use: (call: Call) => Use) =>
    automation
      .command(name)
      .description(description)
      .action(shell.action((call) => withOperator(services, use(call))));
  const reasoned = (command: Command) =>
    command.requiredOption('--reason <text>', 'why; stands in the audit, for the next one on duty');
  leaf('status', 'what is switched on, what each region thinks of each cell, and why', (call) =>
    status(call, services),
  );
  reasoned(
    leaf('mode', 'manual: people alone; assisted: it proposes; automatic: it moves cells', (call) =>
      change(call, services, { mode: modeOf(call.args[0]) }),
    ).argument('<mode>', AUTOMATION_MODES.join(', ')),
  );
  reasoned(leaf('off', 'nothing is proposed or moved, at once', (call) => change(call, services, { enabled: false })));
  reasoned(leaf('on', 'go on in the mode that is set', (call) => change(call, services, { enabled: true })));
  leaf('proposals', 'what it would do, with the decision record filled in', (call) => proposals(call, services));
  leaf('approve', 'look again, then carry a proposal out', approve)
    .argument('<cell>', 'such as c01')
    .option('--reason <text>', 'why; stands in the record beside the reason of the proposal');
}

async function withOperator(services: CliServices, use: Use): Promise<Outcome> {
  const view = await (await services.attach()).view();
  const operator = await services.automation(view);
  try {
    return await use(operator, view);
  } finally {
    operator.close();
  }
}

function status({ terminal }: Call, { clock }: CliServices): Use {
  return async (operator) => {
    const [document, statuses] = await Promise.all([operator.document(), operator.statuses()]);
    const text = statusText({ document, statuses }, { colours: terminal.outColours, nowMs: clock.wallMs() });
    return { text, json: { document, regions: statuses } };
  };
}

function change({ options, terminal }: Call, { clock }: CliServices, setting: Partial<AutomationSetting>): Use {
  return async (operator) => {
    const { document, told } = await operator.set({ ...setting, reason: String(options.reason ?? '') });
    const text = settingText(document, { colours: terminal.outColours, nowMs: clock.wallMs() });
    return { text: told ? text : `${text}\n${UNTOLD_TEXT}`, json: { document } };
  };
}

function proposals({ terminal }: Call, { clock }: CliServices): Use {
  return async (operator) => {
    const found = await operator.proposals();
    const nowMs = clock.wallMs();
    const standing = found.filter((proposal) => proposal.expiresAtMs > nowMs);
    return { text: proposalsText(standing, { colours: terminal.outColours, nowMs }), json: { proposals: standing } };
  };
}

function approve(call: Call): Use {
  return async (operator, view) => {
    const ids = view.topology.cells.map((spec) => spec.id);
    const name = call.args[0] ?? '';
    const cell = ids.find((id) => id === name);
    if (!cell) throw unknownName('cell', name, ids);
    const reason = typeof call.options.reason === 'string' ? call.options.reason : null;
    const record = await call.progress(`failover of ${cell}`, (progress) => {
      const onProgress = (at: FailoverRecord) => progress.update(`failover of ${cell}: ${at.step}`);
      return operator.approve(cell, { reason, onProgress });
    });
    const exitCode = record.state === 'done' ? EXIT.done : EXIT.refused;
    return { text: recordText(record, call.terminal.outColours), json: { record }, exitCode };
  };
}

function modeOf(name: string | undefined): AutomationSetting['mode'] {
  const mode = AUTOMATION_MODES.find((known) => known === name);
  if (mode) return mode;
  throw invalid(`No mode is called "${name}". Allowed: ${AUTOMATION_MODES.join(', ')}.`);
}
