/** Which platform a command speaks of, `--target`: the one on this machine, or the one in an account. */
import type { Command } from 'commander';
import type { CellId, RegionName } from '../core/ids.ts';
import type { Topology } from '../core/topology.ts';
import { oneOf } from './option-parsers.ts';
import type { RolloutOperator } from './rollout/rollout-operator.ts';
import type { CliServices, DocumentOperator, FailoverOperator, QuarantineOperator } from './services.ts';
import type { Call } from './shell.ts';
import type { TimelineDesk } from './timeline-desk.ts';

export const TARGETS = ['local', 'aws'] as const;

export interface FailoverWish {
  readonly cell: CellId;
  /** From where it is run: that region's reach of stores and arbiter is used. `null`: the region that does not hold the cell. */
  readonly fromRegion: RegionName | null;
}

export interface OperatorSite {
  readonly topology: Topology;
  failover(wish: FailoverWish): Promise<FailoverOperator>;
  quarantine(): Promise<QuarantineOperator>;
  documents(): Promise<DocumentOperator>;
  timeline(): Promise<TimelineDesk>;
  /** Staged changes. */
  rollouts(wish: RolloutSource): Promise<RolloutOperator>;
}

export interface RolloutSource {
  /** On AWS: a folder that `cdk synth` wrote; `null`: synthesise when a release is rolled out. */
  readonly assemblyDir: string | null;
}

export function withTarget(command: Command): Command {
  return command.option('--target <platform>', 'local (default): the one on this machine; aws', oneOf(TARGETS));
}

export const isAws = (call: Pick<Call, 'options'>): boolean => call.options.target === 'aws';

export async function siteOf(call: Pick<Call, 'options'>, services: CliServices): Promise<OperatorSite> {
  if (isAws(call)) return services.aws();
  const view = await (await services.attach()).view();
  return {
    topology: view.topology,
    failover: (wish) => services.failover({ view, ...wish }),
    quarantine: () => services.quarantine(view),
    documents: () => services.documents(view),
    timeline: () => services.timeline(view),
    rollouts: () => services.rollouts(),
  };
}
