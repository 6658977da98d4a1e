/**
 * What drills need of a running platform: to see its processes and links, and to hurt them. The local supervisor's
 * `PlatformControl` fits as it is; so does anything else that keeps these promises.
 */

export type ProcessAction = 'crash' | 'stop' | 'continue' | 'start';

export interface ProcessSight {
  /** `c01@us-east-1`, `c01@us-east-1.store`, `router@us-east-1` … */
  readonly name: string;
  readonly kind: 'cell' | 'store' | 'arbiter' | 'router' | 'control' | 'payments';
  readonly cell?: string;
  readonly region?: string;
  /** Of a cell's process: what it runs, or was last asked to run. */
  readonly release?: { readonly name: string };
  readonly pid: number | null;
  /** Of a throttled process: the share of the time that it runs. */
  readonly runRatio?: number;
  readonly state: 'starting' | 'ready' | 'stopped' | 'crashed' | 'failed';
  /** Past every fault proxy. */
  readonly url: string | null;
}

export interface LinkFault {
  readonly direction: 'both' | 'up' | 'down';
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Of the chunks of bytes, 0–1: they come late, as after retransmissions. */
  readonly lossRatio?: number;
  readonly cut?: boolean;
  readonly reset?: boolean;
}

export interface LinkSight {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly fault: LinkFault | null;
  /** What the link has seen so far: a fault that met no traffic had no effect. */
  readonly counters: {
    readonly held: number;
    readonly delayed: number;
    readonly resets: number;
    readonly lost: number;
  };
}

export interface PlatformSight {
  readonly engine: string;
  /** `pinned`: leases never run out; else as `topology.lease` says. */
  readonly keepers?: 'fast' | 'pinned';
  readonly versions: Readonly<Record<string, string>>;
  readonly topology: {
    readonly regions: readonly string[];
    readonly cells: readonly { readonly id: string; readonly home: string; readonly standby: string }[];
    /** In which order a change reaches the cells. */
    readonly waves?: readonly (readonly string[])[];
    readonly lease: { readonly ttlMs: number };
    readonly automation: { readonly cellsMovedMax: number; readonly windowMs: number; readonly cooldownMs: number };
  };
  readonly routers: Readonly<Record<string, string>>;
  readonly processes: readonly ProcessSight[];
  readonly links: readonly LinkSight[];
  readonly payments: string;
  /** Lets an operator ask a cell's host directly. */
  readonly internalSecret: string;
}

/** Faults that somebody else makes and ends, by the names that they give them. */
export interface ExperimentPort {
  /** Resolves when its maker says that it runs. Throws when there is none of that name, or it fails at its start. */
  begin(experiment: NamedExperiment): Promise<void>;
  /** What shows from outside that it bites; `null`: nothing (yet, or any more). */
  effect(experiment: NamedExperiment): Promise<string | null>;
  /** Resolves when its maker says that it has ended; at once when it has. */
  end(experiment: NamedExperiment): Promise<void>;
}

export interface NamedExperiment {
  readonly name: string;
  readonly region: string;
}

export interface PlatformPort {
  /** Absent where nobody makes any. */
  readonly experiments?: ExperimentPort;
  view(): Promise<PlatformSight>;
  /** Resolves when it has happened: after `crash` the process is gone, after `start` it is ready. */
  act(processName: string, action: ProcessAction): Promise<unknown>;
  /** The process runs for this share of the time from now on; 1: full speed again. */
  throttle(processName: string, runRatio: number): Promise<unknown>;
  /** Replaces the link's fault. */
  setFault(linkName: string, fault: LinkFault): Promise<unknown>;
  heal(linkName: string): Promise<unknown>;
}
