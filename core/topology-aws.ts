/**
 * The rules of the topology's `aws` section, and what AWS asks of a topology beyond what one machine does. The section's own
 * form is checked always; `requireAwsTopology` only where something is about to be made on AWS (synth, deploy, doctor), because on
 * one machine regions are only names.
 */
import { ARBITER_TABLE, cellTableName, PAYMENTS_TABLE } from './aws-names.ts';
import { PlatformError } from './errors.ts';
import type { RegionName } from './ids.ts';
import type { Topology } from './topology.ts';
import { describeFindings, type Finding, TopologyReader } from './topology-reader.ts';

export const STAGES = ['sandbox', 'production'] as const;
export type Stage = (typeof STAGES)[number];
export const KEEPER_CADENCES = ['fast', 'economy', 'pinned'] as const;
export type KeeperCadence = (typeof KEEPER_CADENCES)[number];
export const ENTRIES = ['regional', 'edge'] as const;
export const SERVICES = ['cart', 'catalog', 'checkout'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface AwsSettings {
  /** `sandbox` is destroyed without a trace; `production` keeps its data, and refuses to lose it by accident. */
  readonly stage: Stage;
  /** How often leases are renewed, and thereby what idling costs and how long a vanished region is missed. */
  readonly keepers: KeeperCadence;
  /** What stands behind the global address: the regional routers alone, or a router at the edge in front of them. */
  readonly entry: (typeof ENTRIES)[number];
  /** Copies of each service that one cell may run in one region at once; 10 requests a second each at most. */
  readonly reservedConcurrency: Readonly<Record<ServiceName, number>>;
  /** The account's limit of concurrent executions in each region (Lambda's quota). */
  readonly accountConcurrency: number;
  readonly budgetUsdPerMonth: number;
  /** Whether cells carry the extension through which AWS FIS delays and fails them. Default: in a sandbox only. */
  readonly faultInjection: boolean;
  /** Who gets alarms and the budget's warnings. */
  readonly alarmEmail: string | null;
  readonly domain: CustomDomain | null;
  /** The tenants' identity provider; `null`: the development issuer of whoever deploys. */
  readonly identity: { readonly issuer: string; readonly jwksUrl: string } | null;
}

export interface CustomDomain {
  readonly name: string;
  /** Of AWS Certificate Manager in us-east-1, where CloudFront looks for it. */
  readonly certificateArn: string;
}

/** What a person writes; everything has a default. */
export interface AwsInput
  extends Partial<Pick<AwsSettings, 'stage' | 'keepers' | 'entry' | 'accountConcurrency' | 'budgetUsdPerMonth'>> {
  readonly reservedConcurrency?: Partial<AwsSettings['reservedConcurrency']>;
  readonly faultInjection?: boolean;
  readonly alarmEmail?: string | null;
  readonly domain?: CustomDomain | null;
  readonly identity?: AwsSettings['identity'];
}

/**
 * DynamoDB offers strong consistency over regions within one of these sets only: the documentation of
 * `AWS::DynamoDB::GlobalTable`'s witness lists them (seen 2026-11).
 */
export const STRONG_REGION_SETS: Readonly<Record<string, readonly string[]>> = {
  US: ['us-east-1', 'us-east-2', 'us-west-2'],
  EU: ['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1'],
  AP: ['ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3'],
};

/** Lambda keeps this many executions of an account for functions that reserve none. */
export const UNRESERVED_CONCURRENCY = 100;

const KEYS = [
  ...['stage', 'keepers', 'entry', 'reservedConcurrency', 'accountConcurrency', 'budgetUsdPerMonth'],
  ...['faultInjection', 'alarmEmail', 'domain', 'identity'],
];
const RESERVED_DEFAULT = 10;
const ACCOUNT_CONCURRENCY_DEFAULT = 1_000;
const BUDGET_USD_DEFAULT = 20;
const CONCURRENCY_MAX = 1_000_000;
const BUDGET_USD_MAX = 1_000_000;
const EMAIL = /^[^\s@]{1,64}@[a-z0-9.-]{3,190}$/i;
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
const CERTIFICATE = /^arn:aws:acm:us-east-1:\d{12}:certificate\/[0-9a-f-]{36}$/;
const HTTPS = /^https:\/\/[a-z0-9.-]+(:\d+)?(\/\S{0,500})?$/i;

export function readAws(reader: TopologyReader, value: unknown): AwsSettings | null {
  const fields = reader.object('aws', value ?? {}, KEYS);
  if (!fields) return null;
  const before = reader.findings.length;
  const stage = reader.choice('aws.stage', fields.get('stage') ?? 'sandbox', STAGES);
  const keepers = reader.choice('aws.keepers', fields.get('keepers') ?? 'economy', KEEPER_CADENCES);
  const entry = reader.choice('aws.entry', fields.get('entry') ?? 'regional', ENTRIES);
  const reservedConcurrency = readReserved(reader, fields.get('reservedConcurrency'));
  const whole = (name: string, byDefault: number, range: { min: number; max: number }) =>
    reader.integer(`aws.${name}`, fields.get(name) ?? byDefault, range);
  const accountConcurrency = whole('accountConcurrency', ACCOUNT_CONCURRENCY_DEFAULT, { min: 1, max: CONCURRENCY_MAX });
  const budgetUsdPerMonth = whole('budgetUsdPerMonth', BUDGET_USD_DEFAULT, { min: 1, max: BUDGET_USD_MAX });
  const faultInjection = readFlag(reader, fields.get('faultInjection') ?? stage === 'sandbox');
  const alarmEmail = readText(reader, {
    path: 'aws.alarmEmail',
    value: fields.get('alarmEmail'),
    pattern: EMAIL,
    allowed: 'an address such as oncall@example.com, or nothing',
  });
  const domain = readDomain(reader, fields.get('domain'));
  const identity = readIdentity(reader, fields.get('identity'));
  if (stage === 'production' && identity === null && !fields.get('identity')) {
    reader.report('aws.identity', {
      problem: 'is missing in stage production',
      value: null,
      allowed: 'the issuer and jwksUrl of your identity provider: the development issuer is for sandboxes only',
    });
  }
  if (reader.findings.length > before || !stage || !keepers || !entry || !reservedConcurrency) return null;
  if (accountConcurrency === null || budgetUsdPerMonth === null) return null;
  const chosen = { stage, keepers, entry, reservedConcurrency, accountConcurrency, budgetUsdPerMonth };
  return { ...chosen, faultInjection, alarmEmail, domain, identity };
}

/**
 * What AWS would refuse, found before anything is made. A topology has passed `validateTopology`, so names are unique and the
 * witness is no replica.
 */
export function awsFindings(topology: Topology): readonly Finding[] {
  const reader = new TopologyReader();
  const { regions, arbiter } = topology;
  const places = [
    ...regions.map((region, index) => ({ path: `regions[${index}]`, region })),
    ...arbiter.replicas.map((region, index) => ({ path: `arbiter.replicas[${index}]`, region })),
    { path: 'arbiter.witness', region: arbiter.witness },
  ];
  for (const { path, region } of places) {
    if (setOf(region) !== null) continue;
    const allowed = Object.values(STRONG_REGION_SETS).flat().join(', ');
    reader.report(path, { problem: 'is no AWS region with strong consistency over regions', value: region, allowed });
  }
  const set = setOf(arbiter.witness);
  arbiter.replicas.forEach((region, index) => {
    if (set === null || setOf(region) === null || setOf(region) === set) return;
    const problem = `lies in another set of regions than the witness ${arbiter.witness} (${set})`;
    const allowed = (STRONG_REGION_SETS[set] ?? []).filter((name) => name !== arbiter.witness).join(', ');
    reader.report(`arbiter.replicas[${index}]`, { problem, value: region, allowed });
  });
  regions.forEach((region, index) => {
    if (arbiter.replicas.includes(region)) return;
    // A cell renews its lease at the replica of its own region: anything else would tie it to another region's health.
    const problem = 'has no replica of the arbiter, at which its cells renew their leases';
    reader.report(`regions[${index}]`, { problem, value: region, allowed: arbiter.replicas.join(', ') });
  });
  reportTakenNames(reader, topology);
  reportConcurrency(reader, topology);
  return reader.findings;
}

/** Tables of all cells lie beside those that the regions share. */
function reportTakenNames(reader: TopologyReader, { cells }: Topology): void {
  const taken = [ARBITER_TABLE, PAYMENTS_TABLE];
  cells.forEach(({ id }, index) => {
    if (!taken.includes(cellTableName(id))) return;
    const problem = `would have its table called ${cellTableName(id)}, which the platform's own is called`;
    reader.report(`cells[${index}].id`, { problem, value: id, allowed: 'any other name' });
  });
}

/** Throws `INVALID_TOPOLOGY` with everything that AWS would refuse. */
export function requireAwsTopology(topology: Topology): void {
  const findings = awsFindings(topology);
  if (findings.length === 0) return;
  const count = findings.length === 1 ? 'one reason' : `${findings.length} reasons`;
  throw new PlatformError({
    code: 'INVALID_TOPOLOGY',
    kind: 'caller',
    effect: 'none',
    message: `AWS would refuse this topology for ${count}:\n${describeFindings(findings)}\nCorrect it (platform.config.ts) and start again.`,
    details: { findings },
  });
}

/** Executions that the cells of each region reserve together. */
export function reservedIn(topology: Pick<Topology, 'cells' | 'aws'>, region: RegionName): number {
  const { cart, catalog, checkout } = topology.aws.reservedConcurrency;
  const here = topology.cells.filter((cell) => cell.home === region || cell.standby === region).length;
  return here * (cart + catalog + checkout);
}

function reportConcurrency(reader: TopologyReader, topology: Topology): void {
  const limit = topology.aws.accountConcurrency - UNRESERVED_CONCURRENCY;
  for (const region of topology.regions) {
    const reserved = reservedIn(topology, region);
    if (reserved <= limit) continue;
    reader.report('aws.reservedConcurrency', {
      problem: `adds up to more in ${region} than the account has`,
      value: reserved,
      allowed: `${Math.max(0, limit)} (aws.accountConcurrency less ${UNRESERVED_CONCURRENCY} that Lambda keeps unreserved); reserve less, or raise the quota "Concurrent executions" and the setting`,
    });
  }
}

function setOf(region: string): string | null {
  return Object.keys(STRONG_REGION_SETS).find((set) => STRONG_REGION_SETS[set]?.includes(region)) ?? null;
}

function readReserved(reader: TopologyReader, value: unknown): AwsSettings['reservedConcurrency'] | null {
  const fields = reader.object('aws.reservedConcurrency', value ?? {}, SERVICES);
  if (!fields) return null;
  const of = (service: ServiceName) =>
    reader.integer(`aws.reservedConcurrency.${service}`, fields.get(service) ?? RESERVED_DEFAULT, {
      min: 1,
      max: CONCURRENCY_MAX,
    });
  const [cart, catalog, checkout] = [of('cart'), of('catalog'), of('checkout')];
  return cart && catalog && checkout ? { cart, catalog, checkout } : null;
}

function readFlag(reader: TopologyReader, value: unknown): boolean {
  if (typeof value !== 'boolean')
    reader.report('aws.faultInjection', { problem: 'is neither true nor false', value, allowed: 'true, false' });
  return value === true;
}

function readText(
  reader: TopologyReader,
  { path, value, pattern, allowed }: { path: string; value: unknown; pattern: RegExp; allowed: string },
): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && pattern.test(value)) return value;
  reader.report(path, { problem: 'is malformed', value, allowed });
  return null;
}

function readDomain(reader: TopologyReader, value: unknown): CustomDomain | null {
  if (value === undefined || value === null) return null;
  const fields = reader.object('aws.domain', value, ['name', 'certificateArn']);
  const name = required(reader, {
    path: 'aws.domain.name',
    value: fields?.get('name'),
    pattern: DOMAIN,
    allowed: 'shop.example.com',
  });
  const certificateArn = required(reader, {
    path: 'aws.domain.certificateArn',
    value: fields?.get('certificateArn'),
    pattern: CERTIFICATE,
    allowed: 'the ARN of a certificate in us-east-1',
  });
  return name && certificateArn ? { name, certificateArn } : null;
}

function readIdentity(reader: TopologyReader, value: unknown): AwsSettings['identity'] {
  if (value === undefined || value === null) return null;
  const fields = reader.object('aws.identity', value, ['issuer', 'jwksUrl']);
  const url = (name: string) =>
    required(reader, {
      path: `aws.identity.${name}`,
      value: fields?.get(name),
      pattern: HTTPS,
      allowed: 'an https URL',
    });
  const [issuer, jwksUrl] = [url('issuer'), url('jwksUrl')];
  return issuer && jwksUrl ? { issuer, jwksUrl } : null;
}

function required(
  reader: TopologyReader,
  form: { path: string; value: unknown; pattern: RegExp; allowed: string },
): string | null {
  return readText(reader, { ...form, value: form.value ?? '' });
}
