/**
 * What one may see of a running platform and do to it: the same interface in the supervisor's process and, over its
 * control API, from any other (`http-platform-control.ts`). Every name that a view shows is a name that the other
 * methods take; an unknown one is refused with `NOT_FOUND` and the names that exist.
 */
import type { CellId, RegionName } from '../core/ids.ts';
import type { Topology } from '../core/topology.ts';
import type { LinkCounters } from './links/link-counters.ts';
import type { LinkFault } from './links/link-fault.ts';

export type { LinkCounters } from './links/link-counters.ts';
export type { LinkFault } from './links/link-fault.ts';

export type ProcessKind = 'cell' | 'store' | 'arbiter' | 'router' | 'control' | 'payments';

/**
 * `starting` (also while it waits to be restarted) → `ready`; `stopped`: SIGSTOP; `crashed`: killed on request, stays
 * down; `failed`: died too often, stays down. `start` brings the last two back.
 */
export type ProcessState = 'starting' | 'ready' | 'stopped' | 'crashed' | 'failed';

/** `crash` = SIGKILL and stays down until `start`; `stop` / `continue` = SIGSTOP / SIGCONT. */
export const PROCESS_ACTIONS = ['crash', 'stop', 'continue', 'start'] as const;
export type ProcessAction = (typeof PROCESS_ACTIONS)[number];

export interface ProcessView {
  /** `c01@us-east-1`, `c01@us-east-1.store`, `arbiter`, `router@us-east-1`, `control@us-east-1`, `payments`. */
  readonly name: string;
  readonly kind: ProcessKind;
  readonly cell?: CellId;
  readonly region?: RegionName;
  /** Of a cell's process: the release that it runs, or was last asked to run. */
  readonly release?: { readonly name: string; readonly digest: string };
  readonly pid: number | null;
  readonly state: ProcessState;
  readonly port: number | null;
  /** Past every fault proxy; for tools that look on. `null` while no port is known. */
  readonly url: string | null;
  /** How often it was started again after a death that nobody asked for. */
  readonly restarts: number;
  /** Of a throttled process: the share of the time that it runs. */
  readonly runRatio?: number;
  /** What it said when it last failed, if it said anything. */
  readonly lastFailure?: string;
}

export interface LinkView {
  /** `<from>><to>`: `router@us-east-1>c01@us-west-2`. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly url: string;
  readonly fault: LinkFault | null;
  readonly counters: LinkCounters;
}

export interface PlatformView {
  readonly pid: number;
  readonly startedAtMs: number;
  /** `dynoxide`, `dynamodb-local`, or the endpoint's URL when the user named one. */
  readonly engine: string;
  /** `release`: what was built from the sources here; a process may run another one. */
  readonly versions: Readonly<Record<string, string>>;
  readonly topology: Topology;
  /** How leases are kept: as `topology.lease` says, or `pinned`: they never run out. */
  readonly keepers: 'fast' | 'pinned';
  readonly routers: Readonly<Record<RegionName, string>>;
  readonly processes: readonly ProcessView[];
  readonly links: readonly LinkView[];
  readonly payments: string;
  readonly dataDir: string;
  /** What stands in for IAM between the platform's processes; an operator needs it to ask a cell host directly. */
  readonly internalSecret: string;
}

export interface ReleaseOrder {
  readonly release: string;
  /** Of the rollout that asks; an order with a lower one than was ever seen comes too late and is refused. Without: by hand. */
  readonly token?: number;
}

export interface PlatformControl {
  view(): Promise<PlatformView>;
  /** Resolves when the action has happened: after `crash` the process is gone, after `start` it is ready. */
  act(processName: string, action: ProcessAction): Promise<ProcessView>;
  /** Stops and continues a process in turn, so that it runs for this share of the time (0.05–1); 1: full speed again. */
  throttle(processName: string, runRatio: number): Promise<ProcessView>;
  /**
   * Ends a cell's process, letting it finish what is under way, and starts it with another release; resolves when that is ready,
   * at once when it runs it already. `PROCESS_FAILED`: it did not get ready, and is down; put the one before back. Any other error:
   * nothing was touched. Never both regions of a cell at once.
   */
  replace(processName: string, order: ReleaseOrder): Promise<ProcessView>;
  /** What processes run from now on for which nothing was ever asked, as those of a cell that is new. Checked as for `replace`. */
  settleRelease(order: ReleaseOrder): Promise<void>;
  /** Replaces the link's fault. */
  setFault(linkName: string, fault: LinkFault): Promise<LinkView>;
  heal(linkName: string): Promise<LinkView>;
}
