/**
 * Every function of the platform as data: where its code begins, what it is given, and what it may call. Its role is made
 * from its row and from nothing else, so a permission that is missing here is missing on AWS, and one that nobody uses is
 * a line to delete.
 */

export type FunctionName =
  | 'cart'
  | 'catalog'
  | 'checkout'
  | 'keeper'
  | 'replicator'
  | 'relay'
  | 'router'
  | 'publisher'
  | 'probe'
  | 'payments';

/** Tables by the part that they play for a function; `peer` is the cell's table in its other region. */
export type TableRole = 'own' | 'peer' | 'arbiter' | 'payments';

/** The actions of DynamoDB that the code uses. A transaction is authorised by the actions of its parts. */
export type TableAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'Query'
  | 'PutItem'
  | 'DeleteItem'
  | 'ConditionCheckItem'
  | 'BatchWriteItem';

export type OtherGrant =
  /** The records of the own table's stream, by which Lambda rings the doorbell. */
  | 'own-stream'
  /** Where Lambda puts what the stream could not deliver. */
  | 'dead-letters'
  | 'read-map'
  | 'write-map'
  | 'write-edge-map'
  /** Requests to the services of every cell. */
  | 'call-cells'
  /** The routers of the other regions, by direct invocation. */
  | 'ask-routers'
  | 'call-payments';

export interface FunctionSpec {
  readonly name: FunctionName;
  /** One for each cell and region, or one for each region. */
  readonly scope: 'cell' | 'region';
  readonly entry: string;
  readonly memoryMb: number;
  readonly timeoutS: number;
  readonly tables: Partial<Readonly<Record<TableRole, readonly TableAction[]>>>;
  readonly others: readonly OtherGrant[];
  /** Who may call it by URL: anyone, only who may by IAM, or nobody (it has none). */
  readonly url: 'public' | 'iam' | null;
  /** It begins knowing which regions and cells there are: `topology.json` lies beside its bundle. */
  readonly carriesTopology: boolean;
}

/** All that the store's code does with the table of its own cell: commits, journals, outboxes, fences, quarantine. */
const STORE: readonly TableAction[] = [
  ...(['GetItem', 'BatchGetItem', 'Query'] as const),
  ...(['PutItem', 'DeleteItem', 'ConditionCheckItem', 'BatchWriteItem'] as const),
];
/** What shipping does at the peer: it applies, repairs and sets aside commits one by one. */
const SHIPPING: readonly TableAction[] = ['GetItem', 'Query', 'PutItem', 'DeleteItem', 'ConditionCheckItem'];
/** Leases are single items under a condition: the arbiter has no transactions, and nothing in a cell deletes there. */
const LEASES: readonly TableAction[] = ['GetItem', 'PutItem'];
/** Whoever serves obeys documents, too: all of them come with one question. */
const LEASES_AND_DOCUMENTS: readonly TableAction[] = [...LEASES, 'Query'];

/** A service has less time than a caller waits, and replies sooner when it is small than when it is late. */
const SERVICE = {
  scope: 'cell',
  memoryMb: 512,
  timeoutS: 15,
  tables: { own: STORE, peer: SHIPPING, arbiter: LEASES_AND_DOCUMENTS },
  url: 'iam',
  carriesTopology: false,
} as const;
const CELL_WORKER = {
  ...SERVICE,
  memoryMb: 256,
  tables: { own: STORE, peer: SHIPPING, arbiter: LEASES_AND_DOCUMENTS },
  url: null,
} as const;
const REGION_WORKER = {
  scope: 'region',
  memoryMb: 256,
  timeoutS: 30,
  tables: {},
  others: [],
  url: null,
  carriesTopology: true,
} as const;

export const FUNCTIONS: readonly FunctionSpec[] = [
  { ...SERVICE, name: 'cart', entry: 'services/cart/main.ts', others: [] },
  { ...SERVICE, name: 'catalog', entry: 'services/catalog/main.ts', others: [] },
  { ...SERVICE, name: 'checkout', entry: 'services/checkout/main.ts', others: ['call-payments'] },
  {
    ...CELL_WORKER,
    name: 'keeper',
    entry: 'cell/functions/keeper.ts',
    // With `fast` a call stays for longer than its minute, so that the next one may begin late.
    timeoutS: 90,
    // It raises the own fence and proves that the own store takes writes; the peer is none of its business.
    tables: { own: ['BatchGetItem', 'PutItem'], arbiter: LEASES },
    others: [],
  },
  {
    ...CELL_WORKER,
    name: 'replicator',
    entry: 'cell/functions/replicator.ts',
    timeoutS: 60,
    // It looks at all shards of the peer's fence before it raises them.
    tables: { own: STORE, peer: [...SHIPPING, 'BatchGetItem'], arbiter: LEASES_AND_DOCUMENTS },
    others: ['own-stream', 'dead-letters'],
  },
  {
    ...CELL_WORKER,
    name: 'relay',
    entry: 'services/relay/main.ts',
    timeoutS: 60,
    // It settles what lies in the peer's quarantine, too.
    tables: { own: STORE, peer: STORE, arbiter: LEASES_AND_DOCUMENTS },
    others: ['call-payments'],
  },
  {
    ...REGION_WORKER,
    name: 'router',
    entry: 'router/lambda/main.ts',
    memoryMb: 512,
    others: ['read-map', 'call-cells'],
    url: 'public',
  },
  {
    ...REGION_WORKER,
    name: 'publisher',
    entry: 'control/functions/publisher.ts',
    tables: { arbiter: ['GetItem', 'BatchGetItem', 'PutItem'] },
    // It writes only over what it has read.
    others: ['read-map', 'write-map', 'write-edge-map'],
  },
  { ...REGION_WORKER, name: 'probe', entry: 'router/lambda/probe.ts', others: ['ask-routers'] },
  {
    ...REGION_WORKER,
    name: 'payments',
    entry: 'services/payments/lambda.ts',
    tables: { payments: ['GetItem', 'PutItem', 'Query'] },
    url: 'iam',
    carriesTopology: false,
  },
];

/** Runs in CloudFront, not in Lambda; infra/bundle-edge.ts builds it. */
export const EDGE_ENTRY = 'router/edge/main.ts';

export function functionSpec(name: FunctionName): FunctionSpec {
  const spec = FUNCTIONS.find((candidate) => candidate.name === name);
  if (!spec) throw new RangeError(`No function ${name} in infra/functions.ts.`);
  return spec;
}
