/** The kinds of trouble that a thousand seeds must contain; each is noted when it *happens*, not when it is drawn. */
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
  'record resumed',
  'abandoned record superseded',
  'move refused beside another one',
  'four changes of owner',
  'more epochs than a lineage remembers',
  'commit set aside',
  'commit taken in again',
  'commits taken in together',
  'cell taken back by its holder',
  /** Strict reads. */
  'strict read refused at the end',
  /** Routers. */
  'router learnt from a hint',
  'router refused an older hint',
] as const;

export type Trouble = (typeof KINDS_OF_TROUBLE)[number];
