/**
 * The faults of a drill on AWS, and how they end: compute that was stopped, experiments of AWS FIS. Invariant: whoever made a fault
 * ends it before it ends itself, at Ctrl-C too; and what could not be ended is found by the next process, from the disk
 * or by the tags that the experiments carry.
 */
import { join } from 'node:path';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { ExperimentPort } from '../../drills/ports/platform-port.ts';
import type { AwsDrillParts } from './aws-drill.ts';
import { AwsExperiments, type LeftRunning } from './aws-experiments.ts';
import { type Stopped, StoppedCompute } from './stopped-compute.ts';

export interface DrillFaults {
  readonly stopped: StoppedCompute;
  readonly experiments: AwsExperiments;
}

/** What a drill left behind, and what was done about it. */
export interface HealedDrill {
  readonly functions: readonly Stopped[];
  readonly experiments: readonly LeftRunning[];
}

type Parts = Pick<AwsDrillParts, 'reach' | 'stateDir' | 'machine'>;

export function drillFaults({ reach, stateDir, machine }: Parts, effect: ExperimentPort['effect']): DrillFaults {
  const { functions, experiments, topology } = reach;
  return {
    stopped: new StoppedCompute({ functions, path: join(stateDir, 'aws-stopped.json') }),
    experiments: new AwsExperiments({ experiments, regions: topology.regions, clock: machine.clock, effect }),
  };
}

const unseen = async () => null;

/** Starts again and ends what a drill left behind, whoever ran it. */
export async function healAwsDrill(parts: Parts): Promise<HealedDrill> {
  const { stopped, experiments } = drillFaults(parts, unseen);
  // Experiments end by themselves after minutes; functions stay stopped for ever, so theirs is the last word.
  const ended = await experiments.endLeft().catch((thrown: unknown) => thrown);
  const functions = await stopped.restoreAll();
  if (!Array.isArray(ended)) throw ended;
  return { experiments: ended, functions };
}

/** Throws `UNSUPPORTED` with what is left. */
export async function requireNothingLeft(parts: Parts): Promise<void> {
  const { stopped, experiments } = drillFaults(parts, unseen);
  const functions = (await stopped.left()).map(({ name, region }) => `${name} in ${region} is stopped`);
  const running = (await experiments.left().catch(notAllowed)).map(({ name, region }) => `${name} runs in ${region}`);
  const left = [...functions, ...running];
  if (left.length === 0) return;
  throw refused(
    `A drill before this one left something behind: ${left.join(', ')}. Run "holdfast drill heal --target aws" first.`,
  );
}

/** Whoever may not look at AWS FIS may still run the drills that need none of it. */
function notAllowed(thrown: unknown): readonly LeftRunning[] {
  if (isPlatformError(thrown) && thrown.code === 'FORBIDDEN') return [];
  throw thrown;
}

/** Ctrl-C heals first and ends then; a second one finds the same work under way. */
export async function healingAlways<T>({ stopped, experiments }: DrillFaults, work: () => Promise<T>): Promise<T> {
  const heal = async () => {
    const results = await Promise.allSettled([experiments.endBegun(), stopped.restoreAll()]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  const interrupted = () => {
    void heal().then(
      () => process.exit(130),
      (thrown: unknown) => {
        console.error(thrown instanceof Error ? thrown.message : thrown);
        process.exit(130);
      },
    );
  };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    return await work();
  } finally {
    await heal();
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function refused(message: string): PlatformError {
  return new PlatformError({ code: 'UNSUPPORTED', kind: 'caller', effect: 'none', message });
}
