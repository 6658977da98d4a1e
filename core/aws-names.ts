/**
 * What everything is called on AWS. Names follow from cell, region and account alone, so that stacks need no reference to one
 * another, a cell knows its peer's table before that exists, and an operator can act while half of the platform is gone.
 */
import type { RegionName } from './ids.ts';

export const PREFIX = 'holdfast';

export const ARBITER_TABLE = 'holdfast-arbiter';
export const PAYMENTS_TABLE = 'holdfast-payments';
export const cellTableName = (cell: string) => `holdfast-${cell}`;

export const GLOBAL_STACK = 'holdfast-global';
export const ENTRY_STACK = 'holdfast-entry';
export const OPERATIONS_STACK = 'holdfast-operations';
export const regionStackName = (region: string) => `holdfast-region-${region}`;
export const cellStackName = (cell: string, region: string) => `holdfast-cell-${cell}-${region}`;

/** Requests, schedules and operators go to this alias: it always names one published version. */
export const LIVE = 'live';
export const cellFunctionName = (cell: string, name: string) => `holdfast-${cell}-${name}`;
export const regionFunctionName = (name: string) => `holdfast-${name}`;

export const mapBucketName = (account: string, region: string) => `holdfast-map-${account}-${region}`;
/** The snapshot of the cell map in that bucket. */
export const MAP_OBJECT = 'map.json';
/** Below this the same bucket carries what AWS FIS tells the functions of a region to suffer. */
export const FAULTS_PREFIX = 'faults/';

export const PAYMENTS_URL_PARAMETER = '/holdfast/payments-url';
/** Where alarms go when somebody is to be told. */
export const ALARM_TOPIC = 'holdfast-alarms';

export const TAGS = {
  cell: 'holdfast:cell',
  region: 'holdfast:region',
  release: 'holdfast:release',
  stage: 'holdfast:stage',
  /** On functions only: what AWS FIS finds its targets by. */
  role: 'holdfast:role',
  wave: 'holdfast:wave',
} as const;

export const METRICS_NAMESPACE = 'Holdfast';

/** Both regions of a cell. */
export const peerOf = (cell: { readonly home: RegionName; readonly standby: RegionName }, region: RegionName) =>
  region === cell.home ? cell.standby : cell.home;

/** What one stack tells another, read where it is deployed: the random part of an address can't be known before. */
export const ROUTER_DOMAIN_OUTPUT = 'RouterDomain';
export const EDGE_MAP_OUTPUT = 'EdgeMapArn';
/** What the distribution calls the router of a region; the edge router selects by it. */
export const routerOriginId = (region: string) => `router-${region}`;
