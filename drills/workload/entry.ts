/**
 * The way in: stands for the global entry in front of the regional routers. A client goes to its own region's router, and
 * to the next one when nothing listens there, because then certainly nothing was sent.
 */
import { randomUUID } from 'node:crypto';
import type { HistoryRecorder } from '../history/history-recorder.ts';
import type { ProcessSight } from '../ports/platform-port.ts';
import type { HttpClient } from './http-client.ts';
import { isNeverSent, type Outcome, SILENCE } from './outcome.ts';
import { keyOf, type ProductCall, recordedValue, requestOf } from './product.ts';

export interface Tenant {
  readonly id: string;
  readonly cell: string;
  readonly token: string;
}

/** The first one of each cell, which is the prober's. */
export function oneOfEachCell(tenants: readonly Tenant[]): readonly Tenant[] {
  return tenants.filter((tenant, index) => tenants.findIndex(({ cell }) => cell === tenant.cell) === index);
}

export interface EntryCall {
  readonly tenant: Tenant;
  readonly call: ProductCall;
  readonly deadlineMs: number;
  /** The client's session token, of its last answer. */
  readonly session?: string;
  /** Idempotency key; a new one when absent. */
  readonly id?: string;
}

export interface RecordedCall extends EntryCall {
  readonly client: number;
  readonly recorder: HistoryRecorder;
}

/** An answer that a client got by way of a router, as the client saw it. */
export interface SeenCall {
  readonly tenant: Tenant;
  readonly invokedAtMs: number;
  readonly completedAtMs: number;
  readonly outcome: Outcome;
}

export interface EntryOptions {
  readonly http: HttpClient;
  /** Region → router. */
  readonly routers: Readonly<Record<string, string>>;
  readonly internalSecret: string;
}

export class Entry {
  readonly #options: EntryOptions;
  /** Client → the token of its last answer. */
  readonly #sessions = new Map<number, string>();
  readonly #listeners: ((seen: SeenCall) => void)[] = [];
  readonly regions: readonly string[];

  constructor(options: EntryOptions) {
    this.#options = options;
    this.regions = Object.keys(options.routers).sort();
  }

  /** Gets every answer to `call`, with what the history has no member for. Must not throw. */
  onAnswer(listener: (seen: SeenCall) => void): void {
    this.#listeners.push(listener);
  }

  /** Through a router, in the history. */
  async call(of: RecordedCall & { readonly region: string }): Promise<Outcome> {
    const session = this.#sessions.get(of.client);
    const carrying = session === undefined ? of : { ...of, session };
    const invokedAtMs = of.recorder.nowMs();
    const outcome = await this.#recorded({ ...carrying, via: 'router', send: (id) => this.send({ ...carrying, id }) });
    if (outcome.session) this.#sessions.set(of.client, outcome.session);
    const seen = { tenant: of.tenant, invokedAtMs, completedAtMs: of.recorder.nowMs(), outcome };
    for (const listener of this.#listeners) listener(seen);
    return outcome;
  }

  /** Straight at one region's cell host, in the history: what a client with a stale address does. */
  async callDirect(of: RecordedCall & { readonly host: ProcessSight }): Promise<Outcome> {
    const region = of.host.region ?? 'unnamed';
    return this.#recorded({ ...of, region, via: 'direct', send: (id) => this.sendDirect({ ...of, id }) });
  }

  /** Through a router, beside the history. */
  async send(of: EntryCall & { readonly region: string }): Promise<Outcome> {
    const { http, routers } = this.#options;
    const request = requestOf(of.call);
    const headers = { ...headersOf(of), authorization: `Bearer ${of.tenant.token}` };
    const first = Math.max(0, this.regions.indexOf(of.region));
    let outcome: Outcome | undefined;
    for (let next = 0; next < this.regions.length; next++) {
      const region = this.regions[(first + next) % this.regions.length] ?? of.region;
      outcome = await http.send({ origin: routers[region] ?? '', ...request, headers, deadlineMs: of.deadlineMs });
      if (!isNeverSent(outcome)) break;
    }
    return outcome ?? { ...SILENCE, type: 'fail', code: 'NO_ROUTER' };
  }

  async sendDirect(of: EntryCall & { readonly host: ProcessSight }): Promise<Outcome> {
    const headers = {
      ...headersOf(of),
      authorization: `Holdfast-Internal ${this.#options.internalSecret}`,
      'x-holdfast-tenant': of.tenant.id,
      'x-holdfast-cell': of.tenant.cell,
      'x-request-id': randomUUID(),
    };
    const origin = of.host.url ?? '';
    return this.#options.http.send({ origin, ...requestOf(of.call), headers, deadlineMs: of.deadlineMs });
  }

  async #recorded(
    of: RecordedCall & { region: string; via: 'router' | 'direct'; send: (id: string) => Promise<Outcome> },
  ): Promise<Outcome> {
    const { call, client, recorder, region, via, tenant } = of;
    const id = of.id ?? randomUUID();
    const open = recorder.invoke({
      client,
      op: call.op,
      key: keyOf(call),
      cell: tenant.cell,
      id,
      value: call.value,
      region,
      via,
      ...(of.session === undefined ? {} : { session: true }),
      ...(call.maxStalenessMs === undefined ? {} : { maxStalenessMs: call.maxStalenessMs }),
    });
    const outcome = await of.send(id);
    const { region: answeredBy, epoch } = outcome;
    if (outcome.type === 'ok') {
      const more = {
        ...(outcome.degraded === null ? {} : { degraded: outcome.degraded }),
        ...(typeof outcome.stalenessMs === 'number' ? { stalenessMs: outcome.stalenessMs } : {}),
      };
      open.complete({ type: 'ok', value: recordedValue(call, outcome.body), region: answeredBy, epoch, ...more });
    } else {
      open.complete({ type: outcome.type, code: outcome.code, region: answeredBy, epoch });
    }
    return outcome;
  }
}

function headersOf(of: EntryCall): Readonly<Record<string, string>> {
  return {
    'idempotency-key': of.id ?? randomUUID(),
    'x-deadline-ms': String(of.deadlineMs),
    accept: 'application/json',
    ...(of.session === undefined ? {} : { 'x-session': of.session }),
    ...(of.call.maxStalenessMs === undefined ? {} : { 'x-max-staleness-ms': String(of.call.maxStalenessMs) }),
  };
}
