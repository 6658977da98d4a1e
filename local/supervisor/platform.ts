/**
 * The running platform: its processes and its links, by name. Invariant: a link's target is the port that its process
 * serves on now, or nobody; so the addresses that processes were told stay right through every restart.
 */
import { PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { LinkTarget } from '../links/connection.ts';
import type { FaultLink } from '../links/fault-link.ts';
import { type LinkFault, parseLinkFault } from '../links/link-fault.ts';
import type {
  LinkView,
  PlatformControl,
  PlatformView,
  ProcessAction,
  ProcessKind,
  ProcessView,
  ReleaseOrder,
} from '../platform-control.ts';
import { parseRunRatio } from './duty-cycle.ts';
import type { ManagedProcess } from './managed-process.ts';
import { PAYMENTS, type PlannedLink, type PlatformPlan, routerName } from './platform-plan.ts';
import type { Replacements } from './replacement.ts';

export interface PlatformParts {
  readonly plan: PlatformPlan;
  readonly processes: ReadonlyMap<string, ManagedProcess>;
  readonly links: ReadonlyMap<string, FaultLink>;
  readonly replacements: Replacements;
  /** What a view says beside processes and links. */
  readonly facts: Omit<PlatformView, 'routers' | 'processes' | 'links' | 'payments'>;
}

/** In this order they are ended: the engines last, so that what is under way can still be written. */
const END_ORDER: readonly (readonly ProcessKind[])[] = [
  ['router', 'control', 'cell', 'payments'],
  ['store', 'arbiter'],
];

export class RunningPlatform implements PlatformControl {
  readonly #parts: PlatformParts;
  readonly #planned: ReadonlyMap<string, PlannedLink>;

  constructor(parts: PlatformParts) {
    this.#parts = parts;
    this.#planned = new Map(parts.plan.links.map((link) => [link.name, link]));
  }

  async view(): Promise<PlatformView> {
    const { facts, processes } = this.#parts;
    const views = [...processes.values()].map((managed) => managed.view());
    const urlOf = (name: string) => views.find((view) => view.name === name)?.url ?? '';
    return {
      ...facts,
      routers: Object.fromEntries(facts.topology.regions.map((region) => [region, urlOf(routerName(region))])),
      payments: urlOf(PAYMENTS),
      processes: views,
      links: [...this.#planned.keys()].map((name) => this.#linkView(name)),
    };
  }

  async act(processName: string, action: ProcessAction): Promise<ProcessView> {
    const managed = this.#process(processName);
    await managed.act(action);
    return managed.view();
  }

  async throttle(processName: string, runRatio: number): Promise<ProcessView> {
    const managed = this.#process(processName);
    managed.throttle(parseRunRatio(runRatio));
    return managed.view();
  }

  async replace(processName: string, order: ReleaseOrder): Promise<ProcessView> {
    const managed = this.#process(processName);
    await this.#parts.replacements.replace(managed, order);
    return managed.view();
  }

  settleRelease(order: ReleaseOrder): Promise<void> {
    return this.#parts.replacements.settle(order);
  }

  async setFault(linkName: string, fault: LinkFault): Promise<LinkView> {
    this.#link(linkName).setFault(parseLinkFault(fault));
    return this.#linkView(linkName);
  }

  async heal(linkName: string): Promise<LinkView> {
    this.#link(linkName).setFault(null);
    return this.#linkView(linkName);
  }

  /** Every link to `processName` leads there from now on; `null`: nobody serves. */
  pointLinksTo(processName: string, target: LinkTarget | null): void {
    for (const { name, to } of this.#planned.values()) {
      if (to === processName) this.#parts.links.get(name)?.setTarget(target);
    }
  }

  /** Starts every process of the kinds; rejects with the first failure. */
  async start(kinds: readonly ProcessKind[]): Promise<void> {
    await Promise.all(this.#ofKinds(kinds).map((managed) => managed.start()));
  }

  /** Ends every process and closes every link. Never rejects. */
  async end(): Promise<void> {
    for (const kinds of END_ORDER) await Promise.all(this.#ofKinds(kinds).map((managed) => managed.end()));
    await Promise.all([...this.#parts.links.values()].map((link) => link.close()));
  }

  killNow(): void {
    for (const managed of this.#parts.processes.values()) managed.killNow();
  }

  #ofKinds(kinds: readonly ProcessKind[]): readonly ManagedProcess[] {
    return [...this.#parts.processes.values()].filter((managed) => kinds.includes(managed.view().kind));
  }

  #process(name: string): ManagedProcess {
    const managed = this.#parts.processes.get(name);
    if (managed) return managed;
    throw unknownName('process', name, [...this.#parts.processes.keys()]);
  }

  #link(name: string): FaultLink {
    const link = this.#parts.links.get(name);
    if (link) return link;
    throw unknownName('link', name, [...this.#parts.links.keys()]);
  }

  #linkView(name: string): LinkView {
    const link = this.#link(name);
    const planned = this.#planned.get(name);
    return {
      name,
      from: planned?.from ?? '',
      to: planned?.to ?? '',
      url: link.url,
      fault: link.fault,
      counters: link.counters,
    };
  }
}

function unknownName(what: 'process' | 'link', name: string, known: readonly string[]): PlatformError {
  return new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no ${what} ${shown(name)}. Allowed: ${known.join(', ')}.`,
    details: { allowed: known },
  });
}
