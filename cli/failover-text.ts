/** A failover for people: the four questions with their answers, what is expected, what happened and how long it took. */
import type { Decision, FailoverRecord, StepLog } from '../control/failover/failover-record.ts';
import type { Colours } from './terminal.ts';
import { duration, textTable } from './text-table.ts';

const SCOPE_TEXT = {
  none: 'nobody: the old store answers',
  cell: 'this cell alone',
  region: 'the whole old region',
  global: 'everybody, as far as can be seen from here',
} as const;

export function decisionText(decision: Decision, colours: Colours): string {
  const { kind, cell, from, to, seenEpoch, decidedBy, reason, expected, objections } = decision;
  const rows = [
    ['decided by', decidedBy],
    ['reason', reason],
    ...evidenceRows(decision),
    ['path', expected.path === 'fenced' ? 'fence the old store, then take the lease at once' : 'wait the lease out'],
    ['writes away', `at most ${duration(expected.awayMsMax)}`],
    ['loss', expected.loss],
  ];
  return [
    colours.bold(`${kind} of ${cell}: ${from} → ${to} (epoch ${seenEpoch} → ${seenEpoch + 1} or above)`),
    textTable(
      [{ title: '' }, { title: '' }],
      rows.map(([name, value]) => [`  ${name}`, value ?? '']),
    ),
    ...(objections.length > 0 ? [colours.red(`Refused: ${objections.join('; ')}.`)] : []),
  ].join('\n');
}

function evidenceRows({ evidence }: Decision): readonly string[][] {
  const { scope, receiver, replication, quarantined, receiverUnshipped } = evidence;
  const behind =
    replication.pendingInJournal === null
      ? 'not known: the old store does not answer'
      : `${replication.pendingInJournal}${replication.morePending ? ' or more' : ''} commits not replicated yet`;
  return [
    ['who is hit?', `${SCOPE_TEXT[scope.reading]} (${scope.answered} of ${scope.asked} stores there answer)`],
    [
      'can the receiver take it?',
      `${receiver.activeCells} active cells there, ${receiver.withThisCell} writes/s with this one${evidence.newStoreReachable ? '' : '; its store does not answer'}`,
    ],
    ['how far behind is it?', behind],
    ['quicker to repair?', evidence.repair],
    [
      'is its copy consistent?',
      receiverUnshipped === null
        ? 'not known: the receiving store does not say'
        : `${receiverUnshipped} commits of its own not shipped yet`,
    ],
    ['quarantine', quarantined === null ? 'not known' : `${quarantined} commits wait, in both stores`],
  ];
}

function stepLine({ step, tookMs, outcome }: StepLog, colours: Colours): string {
  return `  ${colours.cyan(step.padEnd(9))} ${duration(tookMs).padStart(8)}  ${outcome}`;
}

export function recordText(record: FailoverRecord, colours: Colours): string {
  const { decision, state, newEpoch, drained, log } = record;
  const totalMs = log.reduce((sum, entry) => sum + entry.tookMs, 0);
  const end = state === 'done' ? colours.green('done') : colours.red(state);
  const outcome = [
    `${end} in ${duration(totalMs)}`,
    newEpoch === null ? '' : `${decision.to} owns ${decision.cell} at epoch ${newEpoch}`,
    drained ? `${drained.shipped} commits drained${drained.complete ? '' : ' (not all)'}` : '',
  ];
  return [
    decisionText(decision, colours),
    '',
    ...log.map((entry) => stepLine(entry, colours)),
    '',
    `${colours.bold(`${decision.kind} ${record.id}`)}: ${outcome.filter((part) => part !== '').join('; ')}`,
  ].join('\n');
}
