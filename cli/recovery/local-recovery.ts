/**
 * What a recovery does on the platform of this machine: it takes the rollout under way back and freezes others, puts an earlier
 * edition or release in place, restarts who does not run it, and asks the gates of a rollout whether all is well again.
 */

import type { RecoveryPorts } from '../../control/recovery/recover.ts';
import type { Gate, StepResult } from '../../control/rollout/rollout-executor.ts';
import { isTerminal } from '../../control/rollout/rollout-record.ts';
import { documentType } from '../../core/documents/document-types.ts';
import { isPlatformError } from '../../core/errors.ts';
import type { PlatformControl, PlatformView } from '../../local/platform-control.ts';
import type { Machine } from '../failover-operator.ts';
import { linkReach } from '../operator-reach.ts';
import { reachArbiter } from '../reach-arbiter.ts';
import { openLocalGates } from '../rollout/local-gates.ts';
import type { RolloutOperator } from '../rollout/rollout-operator.ts';
import type { DocumentOperator } from '../services.ts';

/** What is to be good again. */
export type RecoveryWish =
  | { readonly kind: 'document'; readonly type: string; readonly to: number | null; readonly why: string }
  | { readonly kind: 'release'; readonly release: string; readonly why: string };

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
  const gates = await openLocalGates({ control, view, ports, machine, issuerDir });
  const target = wish.kind === 'document' ? documentTarget(parts, wish) : releaseTarget(parts, wish);
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

interface Target {
  restore(): Promise<StepResult>;
  /** Processes that do not run what was restored, or can't be asked; those that stand by first. */
  behind(view: PlatformView): Promise<readonly string[]>;
  restart(process: string): Promise<StepResult>;
}

function documentTarget(
  { documents, control }: RecoveryParts,
  { type: name, to, why }: Extract<RecoveryWish, { kind: 'document' }>,
): Target {
  const type = documentType(name, documents.types);
  const wanted = async () => (await documents.shelf(type)).stable?.version ?? 0;
  return {
    restore: async () => {
      // What can't be read is what a rollback is for.
      const before = await documents.shelf(type).catch(() => null);
      // What was only on its way is gone with its rollout; a version that was named is wanted whatever stands.
      const kept = await documents.rollBack({ type, to, why }).catch((thrown: unknown) => inForce(thrown, to));
      const version = await wanted();
      const note =
        kept === null
          ? `${type.name}@${version} stands`
          : `${type.name}@${version} restores what was before ${before === null ? 'what could not be read' : (before.stable?.version ?? 0)}`;
      return { outcome: 'done', note };
    },
    behind: async (view) => {
      const version = await wanted();
      const cells = await Promise.all(
        view.topology.cells.map(async ({ id }) => ({ id, seen: await documents.running(type, id) })),
      );
      return cells.flatMap(({ id, seen }) =>
        seen.filter((one) => one.version !== version).map(({ region }) => `${id}@${region}`),
      );
    },
    restart: async (process) => {
      await control.act(process, 'crash');
      await control.act(process, 'start');
      return { outcome: 'done', note: `${process} started anew` };
    },
  };
}

/** "It is in force already" is what a repeated recovery finds. */
function inForce(thrown: unknown, to: number | null): null {
  if (to !== null && isPlatformError(thrown) && thrown.code === 'DOCUMENT_REFUSED' && /in force/.test(thrown.message))
    return null;
  throw thrown;
}

/**
 * What is new runs it from the start on only once everybody does: that setting is also what a process is taken to run that was
 * never asked for another release, and would hide who still has to be restarted from whoever repeats this.
 */
function releaseTarget({ control }: RecoveryParts, { release }: Extract<RecoveryWish, { kind: 'release' }>): Target {
  // Two names may stand for the same bundles; who runs them already is not started anew, and keeps the other name.
  let digest: string | null = null;
  const runsIt = (runs: { readonly name: string; readonly digest: string } | undefined) =>
    runs !== undefined && (runs.name === release || runs.digest === digest);
  const behind: Target['behind'] = async ({ processes }) =>
    processes
      .filter(({ kind, release: runs, state }) => kind === 'cell' && !(runsIt(runs) && state === 'ready'))
      .map(({ name }) => name);
  const settleIfAll = async () => {
    const left = (await behind(await control.view())).length;
    if (left === 0) await control.settleRelease({ release });
    return left;
  };
  return {
    restore: async () => {
      const left = await settleIfAll();
      return {
        outcome: 'done',
        note: left === 0 ? `every process runs ${release}` : `${left} processes are to run ${release}`,
      };
    },
    behind,
    restart: async (process) => {
      digest = (await control.replace(process, { release })).release?.digest ?? null;
      await settleIfAll();
      return { outcome: 'done', note: `${process} runs ${release}` };
    },
  };
}

async function versionOf(target: Target, control: PlatformControl) {
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
