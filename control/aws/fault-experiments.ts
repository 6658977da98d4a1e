/**
 * Experiments of AWS FIS in one region, by the operator's own credentials: found by the names that the templates carry, started,
 * watched, stopped. Whatever this starts carries a tag, so that any later process, on any machine, finds what was left
 * running; and FIS ends each by itself after its duration, or when the region's alarm rings.
 * Source: AWS FIS API reference (StartExperiment, GetExperiment, StopExperiment, ListExperiments, ListExperimentTemplates).
 */
import type { Clock } from '../../core/clock.ts';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import { type Keys, type Question, signedAsk } from './signed-ask.ts';

export type ExperimentStatus =
  | 'pending'
  | 'initiating'
  | 'running'
  | 'completed'
  | 'stopping'
  | 'stopped'
  | 'failed'
  | 'cancelled';

export interface ExperimentState {
  readonly status: ExperimentStatus;
  readonly reason: string | null;
}

export interface RunningExperiment {
  readonly id: string;
  /** Of the template: `slow-cell`. */
  readonly name: string;
}

export interface FaultExperiments {
  /** Starts the template of this name. Idempotent by `token`. Throws `UNSUPPORTED` when the region has none. */
  start(name: string, token: string): Promise<RunningExperiment>;
  state(id: string): Promise<ExperimentState>;
  /** Asks it to stop; no error when it has ended. */
  stop(id: string): Promise<void>;
  /** Those that this platform's drills started and that have not ended. */
  running(): Promise<readonly RunningExperiment[]>;
}

export interface FaultExperimentsOptions {
  readonly region: string;
  readonly keys: () => Promise<Keys>;
  readonly clock: Clock;
  /** Another address than the region's own. */
  readonly url?: string;
}

/** On experiments that a drill started; its value is the name of the template. */
export const DRILL_TAG = 'holdfast:drill';
const NAME_PREFIX = 'holdfast-';
/** 100 a page; FIS keeps experiments for 120 days. */
const PAGES_MAX = 20;
const ENDED: ReadonlySet<ExperimentStatus> = new Set(['completed', 'stopped', 'failed', 'cancelled']);

interface Summary {
  readonly id: string;
  readonly state?: { readonly status: ExperimentStatus; readonly reason?: string };
  readonly tags?: Readonly<Record<string, string>>;
}

export function hasEnded({ status }: Pick<ExperimentState, 'status'>): boolean {
  return ENDED.has(status);
}

export function faultExperiments(options: FaultExperimentsOptions): FaultExperiments {
  const { region, keys, clock, url } = options;
  const ask = async <T>(question: Pick<Question, 'method' | 'path' | 'doing' | 'body' | 'changes'>): Promise<T> => {
    const origin = url ?? `https://fis.${region}.amazonaws.com`;
    const headers = { 'content-type': 'application/json' };
    return JSON.parse(await signedAsk({ ...question, service: 'fis', region, origin, headers, keys, clock })) as T;
  };
  const state = async (id: string): Promise<ExperimentState> => {
    const doing = `look at the experiment ${id} in ${region}`;
    const { experiment } = await ask<{ experiment: Summary }>({ method: 'GET', path: `/experiments/${id}`, doing });
    return { status: experiment.state?.status ?? 'pending', reason: experiment.state?.reason ?? null };
  };
  return {
    state,
    start: async (name, token) => {
      const doing = `start the experiment ${name} in ${region}`;
      const experimentTemplateId = await templateOf(ask, { name, region });
      const body = JSON.stringify({ clientToken: token, experimentTemplateId, tags: { [DRILL_TAG]: name } });
      const question = { method: 'POST', path: '/experiments', doing, body, changes: true } as const;
      const { experiment } = await ask<{ experiment: Summary }>(question);
      return { id: experiment.id, name };
    },
    stop: async (id) => {
      const doing = `stop the experiment ${id} in ${region}`;
      try {
        await ask({ method: 'DELETE', path: `/experiments/${id}`, doing, changes: true });
      } catch (thrown) {
        // FIS refuses to stop what has ended, which is what was wanted.
        if (!isPlatformError(thrown) || !hasEnded(await state(id))) throw thrown;
      }
    },
    running: async () => {
      const doing = `list the experiments of ${region}`;
      const all = await allPages<Summary>((path) => ask({ method: 'GET', path, doing }), 'experiments');
      return all
        .filter(({ tags, state }) => tags?.[DRILL_TAG] !== undefined && !(state && hasEnded(state)))
        .map(({ id, tags }) => ({ id, name: tags?.[DRILL_TAG] ?? '' }));
    },
  };
}

type Ask = <T>(question: Pick<Question, 'method' | 'path' | 'doing'>) => Promise<T>;

async function templateOf(ask: Ask, { name, region }: { name: string; region: string }): Promise<string> {
  const doing = `list the experiment templates of ${region}`;
  const all = await allPages<Summary>((path) => ask({ method: 'GET', path, doing }), 'experimentTemplates');
  const found = all.find(({ tags }) => tags?.Name === `${NAME_PREFIX}${name}`);
  if (found) return found.id;
  const message = `${region} has no experiment template ${NAME_PREFIX}${name}. The platform must be deployed with aws.faultInjection (the default of a sandbox): set it in platform.config.ts, deploy, and try again.`;
  throw new PlatformError({ code: 'UNSUPPORTED', kind: 'caller', effect: 'none', message });
}

async function allPages<T>(
  read: (path: string) => Promise<Readonly<Record<string, unknown>>>,
  of: 'experiments' | 'experimentTemplates',
): Promise<readonly T[]> {
  const found: T[] = [];
  let next: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = `maxResults=100${next === undefined ? '' : `&nextToken=${encodeURIComponent(next)}`}`;
    const answer = await read(`/${of}?${query}`);
    found.push(...((answer[of] as readonly T[] | undefined) ?? []));
    next = typeof answer.nextToken === 'string' ? answer.nextToken : undefined;
    if (next === undefined) break;
  }
  return found;
}
