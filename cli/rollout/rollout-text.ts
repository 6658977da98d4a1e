/** A rollout for people: where it stands, what the gates see, what comes next, and how it ended. */
import type { Mark } from '../../control/rollout/gates/marks.ts';
import type { GateFinding } from '../../control/rollout/rollout-executor.ts';
import { cellAt } from '../../control/rollout/rollout-order.ts';
import { isTerminal, type RolloutRecord } from '../../control/rollout/rollout-record.ts';
import type { Colours } from '../terminal.ts';
import { duration, textTable } from '../text-table.ts';
import type { RolloutPreview, RolloutStatus } from './rollout-operator.ts';

/** One line: what is being done, what the gates see, what comes next. */
export function progressText(record: RolloutRecord): string {
  const { position, waves, steps, bakeMs, bakedMs } = record;
  const next = nextText(record);
  switch (position.at) {
    case 'step': {
      const step = `step ${position.step + 1} of ${steps.length}, ${steps[position.step]}`;
      return `wave ${position.wave + 1} of ${waves.length}, ${cellAt(record)}: ${step}; next: ${next}`;
    }
    case 'bake': {
      const left = duration(Math.max(0, bakeMs - (bakedMs ?? 0)));
      const wave = `wave ${position.wave + 1} of ${waves.length} (${waves[position.wave]?.join(', ')})`;
      return `${wave} bakes, ${left} left; ${gatesText(record.seen)}; next: ${next}`;
    }
    case 'settle':
      return `every wave has it; settling`;
    case 'undo':
      return `going back (${record.trouble?.detail ?? 'no reason given'}): ${position.left.join(', ')} left`;
    case 'withdraw':
      return 'every cell is back; withdrawing what was staged';
    case 'end':
      return record.state;
  }
}

export function endText(record: RolloutRecord, { green, red, yellow }: Colours): string {
  const { number, what, waves, state, trouble, log } = record;
  const head = `Rollout ${number} of ${what}`;
  const tookMs = log.reduce((sum, line) => sum + line.tookMs, 0);
  switch (state) {
    case 'done':
      return `${green('Done')}: ${head} reached ${waves.flat().join(', ')} in ${waves.length} waves (${duration(tookMs)}).`;
    case 'rolled-back':
      return `${red('Rolled back')}: ${head} was taken back from every cell that it had reached. Because: ${trouble?.detail}`;
    case 'aborted':
      return `${yellow('Aborted')}: ${head} was taken back from every cell that it had reached (${trouble?.detail}).`;
    case 'stopped':
      return `${red('Stopped')}: ${head} could neither go on nor be taken back. ${log.at(-1)?.text ?? ''}\nIt began to go back because: ${trouble?.detail}\nCorrect the cause, then: holdfast deploy resume`;
    case 'running':
    case 'rolling-back':
      return `${yellow(state)}: ${head}, ${progressText(record)}`;
  }
}

export function previewText({ what, waves, steps, findings, refusal }: RolloutPreview, colours: Colours): string {
  const rows = waves.map((cells, index) => [`  wave ${index + 1}`, cells.join(', ')]);
  return [
    `${what}: each cell takes, in this order, ${steps.join(', ')}. After each wave there is a bake, then the gates decide.`,
    textTable([{ title: '' }, { title: '' }], rows),
    '',
    findingsText(findings, colours),
    '',
    refusal === null ? colours.green('It would begin.') : `${colours.red('It would be refused')}: ${refusal}`,
  ].join('\n');
}

export function findingsText(findings: readonly GateFinding[], { green, red, yellow }: Colours): string {
  const paint = { open: green, closed: red, unknown: yellow };
  const rows = findings.map(({ gate, state, detail }) => [gate, paint[state](state), detail]);
  return textTable([{ title: 'GATE' }, { title: '' }, { title: 'WHAT IT SEES' }], rows);
}

export function statusText({ rollouts, freeze, drill }: RolloutStatus, colours: Colours): string {
  const [current] = rollouts;
  const under = current && !isTerminal(current) ? current : null;
  return [
    under === null ? 'No rollout is under way.' : endText(under, colours),
    ...(under ? [`by ${under.by}: ${under.why || 'no reason given'}`, '', findingsText(under.seen, colours)] : []),
    ...(under && under.forced.length > 0 ? [`forced: ${under.forced.join(', ')}`] : []),
    ...heldText('Changes are frozen', freeze),
    ...heldText('A drill disturbs this platform', drill),
    ...(rollouts.length > 0 ? ['', historyText(rollouts)] : []),
  ].join('\n');
}

export function heldText(what: string, held: Mark['held']): readonly string[] {
  return held === null ? [] : [`${what} by ${held.by} until ${new Date(held.untilMs).toISOString()}: ${held.why}`];
}

function historyText(rollouts: readonly RolloutRecord[]): string {
  const rows = rollouts.map(({ number, what, state, by, startedAtMs, trouble, why }) => [
    String(number),
    new Date(startedAtMs).toISOString().slice(0, 19),
    what,
    state,
    by,
    trouble?.detail ?? why,
  ]);
  return textTable(
    ['NO', 'BEGUN', 'WHAT', 'STATE', 'BY', 'WHY'].map((title) => ({ title })),
    rows,
  );
}

function nextText({ position, waves, steps }: RolloutRecord): string {
  if (position.at === 'step' && position.step + 1 < steps.length) return steps[position.step + 1] ?? '';
  const wave = 'wave' in position ? position.wave : 0;
  if (position.at === 'step') {
    const cell = waves[wave]?.[position.cell + 1];
    return cell ?? `bake of wave ${wave + 1}`;
  }
  return waves[wave + 1] ? `wave ${wave + 2} (${waves[wave + 1]?.join(', ')})` : 'settle';
}

function gatesText(seen: readonly GateFinding[]): string {
  const other = seen.filter(({ state }) => state !== 'open');
  if (other.length > 0) return other.map(({ gate, state, detail }) => `${gate} ${state}: ${detail}`).join('; ');
  const shown = seen.filter(({ gate }) => gate === 'answers' || gate === 'probes').map(({ detail }) => detail);
  return [`${seen.length} gates open`, ...shown].join(', ');
}
