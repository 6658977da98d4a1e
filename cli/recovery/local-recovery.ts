/**
 * What a recovery does on the platform of this machine: it takes the rollout under way back and freezes others, puts an earlier
 * edition or release in place, restarts who does not run it, and asks the gates of a rollout whether all is well again.
 */

import type { RecoveryPorts } from '../../control/recovery/recover.ts';
import type { Gate, StepResult } from '../../control/rollout/rollout-executor.ts';
import { isTerminal } from '../../control/rollout/rollout-record.ts';
import type { PlatformControl } from '../../local/platform-control.ts';
import type { Machine } from '../failover-operator.ts';
import { linkReach } from '../operator-reach.ts';
import { reachArbiter } from '../reach-arbiter.ts';
import { openLocalGates } from '../rollout/local-gates.ts';
import type { RolloutOperator } from '../rollout/rollout-operator.ts';
import type { DocumentOperator } from '../services.ts';
import { documentTarget, type RecoveryTarget, type RecoveryWish, releaseTarget } from './recovery-target.ts';

export interface RecoveryParts {
  readonly control: PlatformControl;
  readonly machine: Machine;
  readonly issuerDir: string;
  readonly rollouts: RolloutOperator;
  readonly documents: DocumentOperator;
}

export interface OpenRecovery {
  readonly ports: RecoveryPorts;
  close(): void;
}

/** Long enough to look into the cause, short enough that nobody forgets it. */
const FREEZE_MS = 60 * 60_000;
/** Those of a rollout that say whether the platform is well; the others say whether somebody may change it. */
const OF_HEALTH: ReadonlySet<string> = new Set(['failovers', 'answers', 'lag', 'processes', 'probes']);

export async function openLocalRecovery(parts: RecoveryParts, wish: RecoveryWish): Promise<OpenRecovery> {
  const { control, machine, issuerDir } = parts;
  const view = await control.view();
  const ports = await reachArbiter(linkReach(view, machine.clock), {
    machine,
    probe: ({ automation }) => automation.document({ withinMs: 1_000 }),
    without: 'Without it nothing can be stopped or restored; the platform goes on with what it has.',
  });
  const target = wish.kind === 'document' ? documentTarget(parts, wish) : releaseTarget({ ...parts, view }, wish);
  // Before anything is stopped: a name or version that there is not must cost nobody a rollout.
  await target.check().catch((thrown: unknown) => {
    ports.close();
    throw thrown;
  });
  const gates = await openLocalGates({ control, view, ports, machine, issuerDir });
  return {
    ports: {
      stop: () => stopSource(parts.rollouts, wish.why),
      restore: target.restore,
      ill: async () => [...(await target.behind(await control.view()))],
      restart: target.restart,
      conditions: [
        { name: 'version', look: () => versionOf(target, control) },
        ...gates.gates.filter(({ name }) => OF_HEALTH.has(name)).map(toCondition),
      ],
    },
    close: () => {
      gates.close();
      ports.close();
    },
  };
}

/** The rollout under way is taken back to its end, then nobody begins another one: a freeze first would break it off midway. */
async function stopSource(rollouts: RolloutOperator, why: string): Promise<StepResult> {
  const [newest] = (await rollouts.status()).rollouts;
  const isUnderWay = newest !== undefined && !isTerminal(newest);
  const taken = isUnderWay ? await rollouts.abort(`recovery: ${why}`, () => undefined) : null;
  if (taken !== null && !isTerminal(taken))
    return {
      outcome: 'failed',
      note: `rollout ${taken.number} of ${taken.what} could not be taken back: it is ${taken.state}`,
    };
  await rollouts.freeze({ why: `recovery: ${why}`, forMs: FREEZE_MS });
  const what =
    taken === null ? 'no rollout was under way' : `rollout ${taken.number} of ${taken.what} is ${taken.state}`;
  return { outcome: 'done', note: `${what}; changes are frozen for an hour (holdfast deploy freeze off)` };
}

async function versionOf(target: RecoveryTarget, control: PlatformControl) {
  const behind = await target.behind(await control.view());
  return {
    holds: behind.length === 0,
    detail: behind.length === 0 ? 'every process runs it' : `not yet: ${behind.join(', ')}`,
  };
}

function toCondition(gate: Gate): RecoveryPorts['conditions'][number] {
  return {
    name: gate.name,
    look: async (limit) => {
      const { state, detail } = await gate.look([], limit);
      return { holds: state === 'unknown' ? null : state === 'open', detail };
    },
  };
}
