/** The kinds of trouble that a thousand seeds must contain; each is noted when it *happens*, not when it is drawn. */
import { failoverKey } from '../../cell/lease/abandonment.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { CELL } from './schedule.ts';
import type { SimStore } from './sim-store.ts';

export const KINDS_OF_TROUBLE = [
  /** Processes. */
  'crash of a cell process',
  'crash of a coordinator',
  'crash with a write under way that did happen',
  'crash with a write under way that never happened',
  'pause of a cell process',
  'pause right before a write was sent',
  'pause right after a write was sent',
  /** Clocks differ in every schedule; here by more than 5 % of their rates. */
  'clocks drift by more than 5 %',
  /** Links. */
  'request lost',
  'request delayed',
  'request overtaken by a later one',
  'request delivered twice',
  'request held by a cut and delivered after it',
  'answer lost',
  'one-way cut',
  'connection refused',
  'time-out whose effect did happen',
  'time-out whose effect happened later',
  'time-out without an effect',
  /** Stores. */
  'frozen store',
  'slow store',
  'store restarted',
  'transaction conflict',
  'throttled call',
  'torn query',
  /** Regions. */
  'region lost',
  'region isolated',
  'two processes of the cell in one region',
  /** Moves. */
  'failover done',
  'switchover done',
  'failback done',
  'failover without a fence',
  'two coordinators at once',
  'switchover during a failover',
  'record resumed',
  'abandoned record superseded',
  'move refused beside another one',
  'four changes of owner',
  'more epochs than a lineage remembers',
  'commit set aside',
  'commit taken in again',
  'commits taken in together',
  'cell taken back by its holder',
  /** Clients. */
  'repeat acknowledged by a commit of its own',
  /** Strict reads. */
  'strict read refused at the end',
  /** Routers. */
  'router learnt from a hint',
  'router refused an older hint',
] as const;

export type Trouble = (typeof KINDS_OF_TROUBLE)[number];

/** By the arbiter's record of the cell: an unplanned move is under way. */
export function isFailingOver(arbiter: SimStore): boolean {
  const record = arbiter.table.peek(failoverKey(CELL));
  if (record?.state !== 'running') return false;
  return (JSON.parse(String(record.record)) as FailoverRecord).decision.kind === 'failover';
}
