/**
 * What the commands stand on, as ports: the running platform, its control plane, drills, benches. `real-services.ts` wires
 * them to the rest of the repository; tests put doubles in their place.
 */
import type { ReconciledCommit } from '../cell/cell-store.ts';
import type { QuarantineList, SettledList, WaitingDetail } from '../cell/reconcile/quarantine-view.ts';
import type { SettleRequest } from '../cell/reconcile/settle-order.ts';
import type { Finding } from '../control/doctor/finding.ts';
import type { SeenEdition } from '../control/documents/document-eyes.ts';
import type { KeptEdition } from '../control/documents/document-store.ts';
import type { PublishPlan, PublishWish } from '../control/documents/publishing.ts';
import type { RollbackWish } from '../control/documents/rollback.ts';
import type { AutomationDocument, AutomationSetting } from '../control/failover/automation/automation-document.ts';
import type { AutomationStatus } from '../control/failover/automation/automation-status.ts';
import type { Proposal } from '../control/failover/automation/proposal.ts';
import type { Decision, FailoverKind, FailoverRecord } from '../control/failover/failover-record.ts';
import type { RolloutRecord } from '../control/rollout/rollout-record.ts';
import type { Clock } from '../core/clock.ts';
import type { DocumentType, Shelf } from '../core/documents/document-type.ts';
import type { CellId, RegionName } from '../core/ids.ts';
import type { Topology } from '../core/topology.ts';
import type { DrillOptions } from '../drills/drill-options.ts';
import type { EvidenceCheck } from '../drills/report/check-evidence.ts';
import type { DrillReport } from '../drills/report/drill-report.ts';
import type { SoakReport } from '../drills/soak/run-soak.ts';
import type { EngineKind } from '../local/engine/resolve-engine.ts';
import type { PlatformControl, PlatformView } from '../local/platform-control.ts';
import type { ReleaseDesk } from '../local/releases/open-shelf.ts';
import type { AwsSite } from './aws/aws-site.ts';
import type { CloudDesk } from './aws/cloud-desk.ts';
import type { FailoverWish } from './operator-site.ts';
import type { RecoveryDesk } from './recovery/recovery-desk.ts';
import type { RecoveryWish } from './recovery/recovery-target.ts';
import type { RolloutOperator } from './rollout/rollout-operator.ts';
import type { TimelineDesk } from './timeline-desk.ts';

export interface CliServices {
  readonly clock: Clock;
  /** Where the running platform leaves its state: `<cwd>/.holdfast`. */
  readonly stateDir: string;
  /** What `platform.config.ts` says. */
  topology(): Promise<Topology>;
  /** Throws `PLATFORM_NOT_RUNNING`. */
  attach(): Promise<PlatformControl>;
  start(options: StartOptions): Promise<StartedPlatform>;
  issueToken(options: { readonly tenant: string; readonly ttlSeconds: number }): Promise<string>;
  /** GET; rejects when there is no JSON within the limit. A status other than 2xx is an answer too. */
  getJson(url: string, options: GetOptions): Promise<HttpAnswer>;
  failover(options: FailoverPlace): Promise<FailoverOperator>;
  automation(view: PlatformView): Promise<AutomationOperator>;
  documents(view: PlatformView): Promise<DocumentOperator>;
  /** Of the running platform. Throws `PLATFORM_NOT_RUNNING`. */
  rollouts(): Promise<RolloutOperator>;
  /** On this machine. Closes what it opened. */
  recovery(wish: RecoveryWish): Promise<RecoveryDesk>;
  quarantine(view: PlatformView): Promise<QuarantineOperator>;
  /** From the first region that reaches the arbiter. */
  timeline(view: PlatformView): Promise<TimelineDesk>;
  cloud(): Promise<CloudDesk>;
  /** What `npm start` needs, looked for. */
  examineMachine(): Promise<readonly Finding[]>;
  /** The platform in the account whose credentials are at hand. Throws `UNAUTHENTICATED` when there are none. */
  aws(): Promise<AwsSite>;
  /** The releases below a state or a data directory. */
  releases(parentDir: string): Promise<ReleaseDesk>;
  drills(): Promise<DrillBook>;
  benches(): Promise<readonly Bench[]>;
}

/** Asks the owner of a cell, and nobody else: only it may settle, and only its state is the present one. */
export interface QuarantineOperator {
  /** A page; `after` is the `next` of the one before, `null` for the first. */
  list(cell: CellId, after: string | null): Promise<QuarantineList>;
  /** A page of the audit. */
  settled(cell: CellId, after: string | null): Promise<SettledList>;
  /** Throws `NOT_FOUND` when it does not wait in this cell. */
  show(cell: CellId, id: string): Promise<WaitingDetail>;
  /** Throws `RECONCILE_REFUSED` with what changed since. */
  settle(cell: CellId, order: Omit<SettleRequest, 'by'>): Promise<ReconciledCommit>;
}

export interface StartOptions {
  readonly topology: Topology;
  readonly cells?: number;
  readonly dataDir?: string;
  readonly engine?: EngineKind;
  readonly portBase?: number;
}

export interface StartedPlatform {
  view(): Promise<PlatformView>;
  /** Never resolves while the platform serves; Ctrl-C ends the process. */
  untilEnd(): Promise<void>;
}

export interface GetOptions {
  readonly withinMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface FailoverPlace extends FailoverWish {
  readonly view: PlatformView;
}

export interface FailoverRequest {
  readonly cell: CellId;
  readonly kind: FailoverKind;
  readonly to: RegionName | null;
  readonly reason: string;
  readonly repair?: string;
}

export interface FailoverOperator {
  readonly region: RegionName;
  /** Reads only. */
  decide(request: FailoverRequest): Promise<Decision>;
  /** Carries the decision out; `onProgress` gets the record before every step and at the end. */
  run(decision: Decision, onProgress: (record: FailoverRecord) => void): Promise<FailoverRecord>;
  /** Goes on with what another coordinator left behind. */
  resume(onProgress: (record: FailoverRecord) => void): Promise<FailoverRecord>;
  close(): void;
}

export interface AutomationOperator {
  /** What is switched on, and what was; the topology's default when nobody ever wrote it. */
  document(): Promise<AutomationDocument>;
  /** Writes another setting; refuses without a reason. Throws `VERSION_CONFLICT` when somebody else writes all the while. `told`: the timeline has a line of it. */
  set(
    change: Partial<AutomationSetting> & { readonly reason: string },
  ): Promise<{ readonly document: AutomationDocument; readonly told: boolean }>;
  /** What the control process of each region thinks; `null` where it does not answer. */
  statuses(): Promise<readonly { readonly region: RegionName; readonly status: AutomationStatus | null }[]>;
  proposals(): Promise<readonly Proposal[]>;
  /** The newest failover of each cell. */
  records(): Promise<readonly FailoverRecord[]>;
  /** Looks again, refuses with what changed, else carries the proposal out as `failover run` does. */
  approve(
    cell: CellId,
    how: { readonly reason: string | null; readonly onProgress: (record: FailoverRecord) => void },
  ): Promise<FailoverRecord>;
  close(): void;
}

export interface DocumentOperator {
  readonly topology: Topology;
  /** Every type that can be published here. */
  readonly types: readonly DocumentType[];
  shelf(type: DocumentType): Promise<Shelf>;
  /** Newest first. */
  history(type: DocumentType, count: number): Promise<readonly KeptEdition[]>;
  /** Throws `DOCUMENT_REFUSED` when there is none. */
  edition(type: DocumentType, version: number): Promise<KeptEdition>;
  /** Which edition the processes of a cell run; empty where nobody can see it. */
  running(type: DocumentType, cell: CellId): Promise<readonly SeenEdition[]>;
  /** Reads and judges only. */
  plan(wish: Omit<PublishWish, 'by'>): Promise<PublishPlan>;
  publish(plan: PublishPlan, how: StagedPublish): Promise<Published>;
  /** `null`: what it says is in force already. */
  rollBack(wish: Omit<RollbackWish, 'by'>): Promise<KeptEdition | null>;
  close(): void;
}

export interface StagedPublish {
  readonly bakeMs: number;
  /** Gates that an operator passes by. */
  readonly forced: readonly string[];
  readonly onProgress: (record: RolloutRecord) => void;
}

export interface Published {
  /** `null`: it says what is in force already. */
  readonly kept: KeptEdition | null;
  /** How it ended; `null`: it went everywhere at once. */
  readonly rollout: RolloutRecord | null;
}

export interface DrillSummary {
  readonly name: string;
  readonly summary: string;
  /** What `--variant` takes. */
  readonly variants?: readonly string[];
}

export interface DrillOutcome {
  readonly report: DrillReport;
  /** Where `report.json`, `report.html` and `history.jsonl` lie. */
  readonly dir: string;
}

export interface DrillRunOptions {
  readonly name: string;
  /** `null`: any; the report says which. */
  readonly seed: number | null;
  /** The running platform; `null`: the drill starts one of its own on free ports. */
  readonly attach: PlatformControl | null;
  readonly options: Partial<DrillOptions>;
  readonly onProgress: (text: string) => void;
}

export interface SoakOptions {
  readonly minutes: number;
  /** `null`: any; the report says which. */
  readonly seed: number | null;
  /** `null`: from the first on. */
  readonly onlyRound: number | null;
  readonly attach: PlatformControl | null;
  readonly onProgress: (text: string) => void;
}

export interface DrillBook {
  readonly drills: readonly DrillSummary[];
  run(options: DrillRunOptions): Promise<DrillOutcome>;
  /** Judges the evidence in the folder again (`null`: the newest). Never says pass of evidence that is damaged. */
  check(dir: string | null): Promise<EvidenceCheck & { readonly dir: string }>;
  /** Writes `soak.json` into `dir`, beside a report for each round. */
  soak(options: SoakOptions): Promise<{ readonly report: SoakReport; readonly dir: string }>;
  /** `null`: the newest report. */
  read(dir: string | null): Promise<DrillOutcome>;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  run(request: BenchRequest): Promise<BenchResult>;
}

export interface BenchRequest {
  /** A smoke test: quick figures of no worth, and nothing is kept. */
  readonly quick: boolean;
  /** Starts, rounds or seeds, whatever the bench repeats; `null`: its own default. */
  readonly rounds: number | null;
  /** Commits in the journal, for the benches that fill one; `null`: the bench's own default. */
  readonly entries: number | null;
  readonly onProgress: (text: string) => void;
}

export interface BenchResult {
  readonly json: unknown;
  readonly text: string;
}
