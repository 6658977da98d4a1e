/** How a drill lets the platform decide by itself, and sees what it decided. What it judges is what clients see of it. */

export interface AutomationSetting {
  readonly mode: 'manual' | 'assisted' | 'automatic';
  /** The switch above the mode. */
  readonly enabled: boolean;
}

/** A move that nobody asked for. */
export interface AutomaticMove {
  readonly cell: string;
  readonly from: string;
  readonly to: string;
  /** How long before this answer automation decided on it. */
  readonly agoMs: number;
  /** `called-off`: decided, and not begun, because the region was well again at the last moment. */
  readonly outcome: 'running' | 'done' | 'failed' | 'called-off';
  readonly steps: readonly {
    readonly name: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly detail?: string;
  }[];
  /** The coordinator's record with its decision; `null`: it has not written one. */
  readonly record: unknown;
}

/** What one region's control process thinks of the cells that it would have to receive. */
export interface AutomationSight {
  readonly region: string;
  /** `null`: the control process did not say. */
  readonly cells: readonly { readonly cell: string; readonly verdict: string; readonly why: string }[] | null;
}

export interface AutomationPort {
  mode(): Promise<AutomationSetting>;
  /** Audited with the reason. Holds for decisions from their next round on. */
  setMode(setting: AutomationSetting, reason: string): Promise<void>;
  status(): Promise<readonly AutomationSight[]>;
  /** Oldest first; as many as the platform keeps, those before the drill too. */
  moves(): Promise<readonly AutomaticMove[]>;
}
