/** Whether a fault bites, seen from outside: by asking the process itself, and by what a link's counters have met. */
import type { Clock } from '../../core/clock.ts';
import type { PlatformPort, ProcessSight } from '../ports/platform-port.ts';
import type { HttpClient } from '../workload/http-client.ts';
import { EFFECT_COUNTERS, type Fault, targetsOf } from './fault.ts';
import { meanServiceMs } from './service-time.ts';

export interface Seen {
  readonly effectiveAtMs: number;
  readonly evidence: string;
}

type DownFault = Extract<Fault, { kind: 'crash' | 'stop' }>;
type ThrottleFault = Extract<Fault, { kind: 'throttle' }>;
type LinkFaultPlan = Extract<Fault, { links: readonly string[] }>;

/** A process that runs answers anything within a few milliseconds, be it with an error. */
const SILENCE_MS = 250;

/** `null`: not on every target yet. A stopped process was silent from when it was asked on. */
export async function processEffect(options: {
  readonly platform: PlatformPort;
  readonly http: HttpClient;
  readonly nowMs: () => number;
  readonly fault: DownFault;
}): Promise<Seen | null> {
  const { platform, http, nowMs, fault } = options;
  const { processes } = await platform.view();
  const targets = fault.processes.map((name) => processes.find((process) => process.name === name));
  const askedAtMs = nowMs();
  const hit = await Promise.all(targets.map((target) => isHit({ target, http, kind: fault.kind })));
  if (!hit.every((one) => one)) return null;
  const count = `${hit.length} of ${hit.length}`;
  return fault.kind === 'crash'
    ? { effectiveAtMs: nowMs(), evidence: `${count} processes are gone and their ports refuse` }
    : { effectiveAtMs: askedAtMs, evidence: `${count} processes are stopped and silent for ${SILENCE_MS} ms` };
}

async function isHit(of: {
  target: ProcessSight | undefined;
  http: HttpClient;
  kind: 'crash' | 'stop';
}): Promise<boolean> {
  const { target, http, kind } = of;
  if (target?.state !== (kind === 'crash' ? 'crashed' : 'stopped')) return false;
  // A process that is gone need not have an address any more: whoever shows it so has seen that nothing answers.
  if (target.url === null) return true;
  const { code } = { code: '', ...(await http.send({ ...ANY_REQUEST, origin: target.url })) };
  return kind === 'stop'
    ? code === 'CLIENT_TIMEOUT'
    : code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'UND_ERR_SOCKET';
}

const ANY_REQUEST = { method: 'GET', path: '/', headers: {}, body: null, deadlineMs: SILENCE_MS } as const;

/** `null`: a link does not have the fault, or no traffic has met it since it was injected. */
export async function linkEffect(options: {
  readonly platform: PlatformPort;
  readonly fault: LinkFaultPlan;
  readonly before: ReadonlyMap<string, number>;
  readonly nowMs: () => number;
}): Promise<Seen | null> {
  const { platform, fault, before, nowMs } = options;
  const { links } = await platform.view();
  const faulty = fault.links.every((name) => links.some((link) => link.name === name && link.fault !== null));
  if (!faulty) return null;
  const counter = EFFECT_COUNTERS[fault.kind];
  const met = links
    .filter((link) => fault.links.includes(link.name))
    .map((link) => link.counters[counter] - (before.get(link.name) ?? 0));
  if (!met.some((count) => count > 0)) return null;
  const sum = met.reduce((total, count) => total + count, 0);
  return { effectiveAtMs: nowMs(), evidence: `${counter}: ${sum} on ${met.length} link(s)` };
}

interface Looking {
  readonly platform: PlatformPort;
  readonly http: HttpClient;
  readonly clock: Clock;
}

/** Half of what a process that does not run for its share of the period must cost on average. */
const SLOWER_MS_MIN = 4;

/** `null`: not every target is throttled and answers later than before. */
export async function throttleEffect(
  of: Looking & {
    readonly fault: ThrottleFault;
    readonly before: ReadonlyMap<string, number>;
    readonly nowMs: () => number;
  },
): Promise<Seen | null> {
  const { processes } = await of.platform.view();
  const throttled = of.fault.processes.every((name) =>
    processes.some((process) => process.name === name && process.runRatio === of.fault.runRatio),
  );
  if (!throttled) return null;
  const askedAtMs = of.nowMs();
  const now = await serviceTimes(of, of.fault.processes);
  const changes = [...now].map(([name, ms]) => ({ name, ms, wasMs: of.before.get(name) ?? Number.POSITIVE_INFINITY }));
  if (!changes.every(({ ms, wasMs }) => ms - wasMs >= SLOWER_MS_MIN)) return null;
  const told = changes.map(
    ({ name, ms, wasMs }) => `${name} answers after ${ms.toFixed(1)} ms instead of ${wasMs.toFixed(1)} ms`,
  );
  return { effectiveAtMs: askedAtMs, evidence: told.join(', ') };
}

async function serviceTimes(of: Looking, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { processes } = await of.platform.view();
  const measured = names.map(async (name) => {
    const url = processes.find((process) => process.name === name)?.url;
    return [name, url ? await meanServiceMs({ ...of, url }) : Number.POSITIVE_INFINITY] as const;
  });
  return new Map(await Promise.all(measured));
}

/** What the effect is measured against: links' counters as they stand, or how long processes take to answer. */
export async function measuredBefore(of: Looking, fault: Fault): Promise<ReadonlyMap<string, number>> {
  const { platform } = of;
  if (fault.kind === 'throttle') return serviceTimes(of, fault.processes);
  if (!('links' in fault)) return new Map();
  const { links } = await platform.view();
  const counter = EFFECT_COUNTERS[fault.kind];
  const targets = targetsOf(fault);
  return new Map(
    links.filter((link) => targets.includes(link.name)).map((link) => [link.name, link.counters[counter]]),
  );
}

type ExperimentFault = Extract<Fault, { kind: 'experiment' }>;

/** Asked of whoever made it: only they know what it looks like from outside. */
export async function experimentEffect(of: {
  readonly platform: PlatformPort;
  readonly fault: ExperimentFault;
  readonly nowMs: () => number;
}): Promise<Seen | null> {
  const askedAtMs = of.nowMs();
  const evidence = (await of.platform.experiments?.effect(of.fault)) ?? null;
  return evidence === null ? null : { effectiveAtMs: askedAtMs, evidence };
}
