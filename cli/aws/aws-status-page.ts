/** The status page of the platform on AWS as text: what the tables say, what is wrong with it, and what they can't say. */
import type { PageOptions } from '../status-page.ts';
import type { Colours } from '../terminal.ts';
import { duration, textTable } from '../text-table.ts';
import type { AwsCellSnapshot, AwsPlaceSnapshot, AwsSnapshot } from './aws-status.ts';

/** Shipping is a matter of seconds; what waits longer waits for a peer or for a replicator that does not run. */
const JOURNAL_OLD_MS = 60_000;

/** A page that shows only what is known would be read as if all else were well. */
export const NOT_KNOWN: readonly string[] = [
  'whether the holder of a lease still renews it (watch the counter: run it again after a renewal)',
  'whether functions run, and how fast: CloudWatch has that',
  'what routers believe: their maps follow the arbiter within about 2 s, and hints teach them sooner',
  'the exact age of a journal: it is the origin’s clock against yours',
];

export function awsStatusPage(snapshot: AwsSnapshot, { colours, nowMs }: PageOptions): string {
  const troubles = awsTroublesOf(snapshot, nowMs);
  const verdict =
    troubles.length === 0 ? colours.green('the tables say nothing bad') : colours.yellow(troubles.join(', '));
  const arbiter = snapshot.arbiter.map(
    ({ region, answers }) => `${region} ${answers ? colours.green('answers') : colours.red('silent')}`,
  );
  const titles = ['CELL', 'REGION', 'ROLE', 'EPOCH', 'LEASE', 'FENCE', 'JOURNAL', 'OLDEST', 'QUARANTINE', 'RELEASE'];
  return [
    `${colours.bold('Holdfast on AWS')}  ${verdict}`,
    '',
    textTable(
      titles.map((title) => ({ title })),
      snapshot.cells.flatMap((cell) => rowsOf(cell, { colours, nowMs })),
    ),
    '',
    `Arbiter: ${arbiter.join(', ')}`,
    '',
    'Not known from tables:',
    ...NOT_KNOWN.map((line) => `  ${line}`),
  ].join('\n');
}

/** What an operator should look at, worst first, in a few words each. */
export function awsTroublesOf({ arbiter, cells }: AwsSnapshot, nowMs: number): readonly string[] {
  const silent = arbiter.filter(({ answers }) => !answers);
  return [
    ...silent.map(({ region }) => `the arbiter does not answer in ${region}`),
    ...(silent.length === arbiter.length ? [] : cells.flatMap((cell) => ownerTroubles(cell))),
    ...cells.flatMap((cell) => cell.places.flatMap((place) => placeTroubles(cell, { place, nowMs }))),
  ];
}

function ownerTroubles({ cell, home, lease, failover, places }: AwsCellSnapshot): readonly string[] {
  if (lease === null) return [`${cell} never had an owner`];
  const ownFence = places.find(({ region }) => region === lease.holder)?.fence;
  const fencedAbove = lease.state === 'held' && (ownFence?.epoch ?? 0) > lease.epoch;
  return [
    ...(lease.state === 'released' ? [`${cell} was released to ${lease.successor}, which has not taken it`] : []),
    ...(fencedAbove ? [`${cell} is FENCED above its lease: nobody may write`] : []),
    ...(failover === null ? [] : [`${cell}: ${failover}`]),
    ...(lease.holder === home ? [] : [`${cell} is away from home`]),
  ];
}

function placeTroubles(
  { cell }: AwsCellSnapshot,
  { place, nowMs }: { readonly place: AwsPlaceSnapshot; readonly nowMs: number },
): readonly string[] {
  const { region, answers, journal, quarantined } = place;
  if (!answers) return [`the store of ${cell} in ${region} does not answer`];
  const oldMs = journal?.oldestAtMs ? nowMs - journal.oldestAtMs : 0;
  return [
    ...(place.fence !== null && place.fenceWhole === false ? [`the fence of ${cell} in ${region} is half raised`] : []),
    ...(oldMs > JOURNAL_OLD_MS ? [`${cell} in ${region} is not replicated for ${duration(oldMs)}`] : []),
    ...((quarantined?.count ?? 0) > 0 ? [`${cell} has commits in quarantine`] : []),
  ];
}

function rowsOf(cell: AwsCellSnapshot, { colours, nowMs }: PageOptions): readonly (readonly string[])[] {
  return cell.places.map((place, index) => [
    index === 0 ? cell.cell : '',
    place.region === cell.home ? `${place.region} (home)` : place.region,
    ...leaseColumns(cell, place, colours),
    ...storeColumns(place, { colours, nowMs }),
    place.release ?? '–',
  ]);
}

function leaseColumns({ lease }: AwsCellSnapshot, place: AwsPlaceSnapshot, colours: Colours): readonly string[] {
  if (lease?.holder !== place.region) return [colours.dim('standby'), '–', '–'];
  const ttl = `TTL ${duration(lease.ttlMs)}, renewal ${lease.counter}`;
  return lease.state === 'held'
    ? [colours.green('holder'), String(lease.epoch), ttl]
    : [colours.yellow('released'), String(lease.epoch), `to ${lease.successor}`];
}

function storeColumns(place: AwsPlaceSnapshot, { colours, nowMs }: PageOptions): readonly string[] {
  const { answers, fence, journal, quarantined } = place;
  if (!answers) return [colours.red('silent'), '–', '–', '–'];
  const count = (many: { readonly count: number; readonly more: boolean } | null) =>
    many === null ? '–' : `${many.count}${many.more ? '+' : ''}`;
  return [
    fence === null ? 'none' : `${fence.epoch} ${fence.active === null ? 'closed' : `for ${fence.active}`}`,
    count(journal),
    journal?.oldestAtMs ? `about ${duration(Math.max(0, nowMs - journal.oldestAtMs))}` : '–',
    (quarantined?.count ?? 0) > 0 ? colours.yellow(count(quarantined)) : count(quarantined),
  ];
}
