/**
 * A release brought to the platform by its own rollout, `holdfast deploy run`, while the drill looks on from outside: which processes
 * ever ran it, and what came of it. Invariant: a rollout that does not come to its end is taken back before the drill goes on.
 */
import { jsonOf, saidOf } from './commands.ts';
import { healBy } from './heal-command.ts';
import { type Lab, within } from './lab.ts';
import type { EndedCommand } from './ports/operator-port.ts';
import type { OfferedRelease } from './ports/release-port.ts';
import { membersOf } from './workload/product.ts';

const BAKE = '5s';
/** Shorter than the drill itself may take, so that what came of it can still be looked at. */
const DEPLOY_MS_MAX = 360_000;
const LOOK_EVERY_MS = 250;

export interface Deployment {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** Of the record: `done`, `rolled-back`, `stopped`; `null`: it never came to its end. */
  readonly state: string | null;
  readonly detail: string;
  /** When the platform says that it saw the trouble; `null`: it saw none. */
  readonly noticedAtMs: number | null;
  /** Processes that were ever seen to run it, or to be asked to. */
  readonly reached: readonly string[];
}

/** Throws when it does not begin: then nothing was tested. */
export async function deploy(lab: Lab, release: OfferedRelease): Promise<Deployment> {
  const { recorder } = lab;
  const beganAtMs = recorder.nowMs();
  const why = `drill, seed ${lab.seed}`;
  // The only drill that may be marked on this platform is this one.
  const forced = ['--force', 'drills', '--why', why];
  const run = lab.operator.begin(['deploy', 'run', '--release', release.name, '--bake', BAKE, ...forced, '--json']);
  const watch = watchProcesses(lab, release.name);
  const end = within(lab, { what: 'The end of "deploy run"', withinMs: DEPLOY_MS_MAX }, run.ended);
  const ended = await end.catch((thrown: unknown) => thrown);
  const endedAtMs = recorder.nowMs();
  const reached = await watch.stop();
  if (isEnded(ended)) return { ...outcomeOf(lab, ended), beganAtMs, endedAtMs, reached };
  // Before it has come to a process nobody knows whose rollout it is that is under way.
  if (reached.length === 0) throw ended;
  const said = await healBy(lab, ['deploy', 'abort', '--why', `${why}: it did not end`]);
  if (lab.signal.aborted) throw ended;
  const detail = `${ended instanceof Error ? ended.message : String(ended)} Taken back: ${said}`;
  return { state: null, noticedAtMs: null, detail, beganAtMs, endedAtMs: recorder.nowMs(), reached };
}

function isEnded(value: unknown): value is EndedCommand {
  return typeof value === 'object' && value !== null && 'exitCode' in value;
}

function outcomeOf(lab: Lab, ended: EndedCommand): Pick<Deployment, 'state' | 'detail' | 'noticedAtMs'> {
  const rollout = membersOf(membersOf(jsonOf(ended)).rollout ?? null);
  if (typeof rollout.state !== 'string') throw new Error(`The rollout did not begin: ${saidOf(ended)}`);
  noteLog(lab, rollout.log);
  const { detail, atMs } = membersOf(rollout.trouble ?? null);
  return {
    state: rollout.state,
    detail: typeof detail === 'string' ? detail : '',
    noticedAtMs: typeof atMs === 'number' ? onDrillClock(lab, atMs) : null,
  };
}

/** What the record says was done, in the report's timeline: the platform's own words. */
function noteLog(lab: Lab, log: unknown): void {
  if (!Array.isArray(log)) return;
  for (const line of log) {
    const { atMs, tookMs, text } = membersOf(line);
    if (typeof atMs !== 'number' || typeof tookMs !== 'number') continue;
    lab.mark('failover', `rollout: ${String(text)}`, { t: onDrillClock(lab, atMs), durationMs: tookMs });
  }
}

/** Orchestrator and drill run on one machine, so their wall clocks are one. */
function onDrillClock({ recorder, clock }: Pick<Lab, 'recorder' | 'clock'>, wallMs: number): number {
  return Math.round(recorder.nowMs() - (clock.wallMs() - wallMs));
}

function watchProcesses(lab: Lab, name: string): { stop(): Promise<readonly string[]> } {
  const seen = new Set<string>();
  let stopped = false;
  const look = async () => {
    const running = await runningReleases(lab).catch(() => []); // A look that failed saw nothing.
    for (const { process, release } of running) if (release === name) seen.add(process);
  };
  const loop = async () => {
    while (!stopped) {
      await look();
      await lab.clock.sleep(LOOK_EVERY_MS);
    }
  };
  const running = loop();
  return {
    stop: async () => {
      stopped = true;
      await running;
      return [...seen].sort();
    },
  };
}

export interface Running {
  readonly process: string;
  readonly cell: string;
  /** `null`: nobody says. */
  readonly release: string | null;
  readonly ready: boolean;
}

/** What the cells' processes run now. */
export async function runningReleases(lab: Pick<Lab, 'platform'>): Promise<readonly Running[]> {
  const { processes } = await lab.platform.view();
  return processes
    .filter(({ kind }) => kind === 'cell')
    .map(({ name, cell, release, state }) => ({
      ...{ process: name, cell: cell ?? '' },
      ...{ release: release?.name ?? null, ready: state === 'ready' },
    }));
}
