/**
 * One request of a known tenant, from the map to the answer, on a host that has the whole request and gives the whole
 * answer. The rules are those of `router/core`; here are only the calls. Invariants: exactly one answer; never past the
 * deadline; an attempt that is given up ends its connection, so that the cell learns of it.
 */
import type { Clock } from '../../core/clock.ts';
import { isPlatformError, type PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName, TenantId } from '../../core/ids.ts';
import { type ServiceName, serviceOf } from '../../core/service-paths.ts';
import { decide } from '../core/decide.ts';
import { addForwardHeaders, restateForward } from '../core/forward-headers.ts';
import { REPLAY_BYTES_MAX } from '../core/limits.ts';
import type { Wait } from '../core/motion.ts';
import { payloadTooLarge } from '../core/request-head.ts';
import { deadlineError, failureError } from '../core/retry.ts';
import { type AttemptSeen, MISDIRECTED, Routing, type RoutingPorts } from '../core/routing.ts';
import type { MapHolder } from '../map/map-holder.ts';
import type { SnapshotHolder } from '../map/snapshot-holder.ts';
import { type CellAnswer, judgeAnswer } from './cell-answer.ts';
import type { CellDoor } from './cell-door.ts';
import { noSuchPath, throttledError } from './exchange-refusals.ts';
import type { HttpOutcome, HttpsCaller } from './https-caller.ts';
import type { CallSigner } from './signed-call.ts';

export interface ExchangeParts extends RoutingPorts {
  readonly clock: Clock;
  readonly holder: MapHolder;
  readonly snapshots: SnapshotHolder;
  readonly caller: HttpsCaller;
  readonly signer: CallSigner;
  /** One for each cell and region of the topology. */
  readonly door: (cell: CellId, region: RegionName) => CellDoor;
}

export interface Errand {
  readonly tenant: TenantId;
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value …; extended in place. */
  readonly forwarded: string[];
  readonly maxStalenessMs: number | null;
  readonly body: Buffer | null;
  readonly requestId: string;
  readonly deadlineAtMs: number;
}

interface Answered {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

export interface Delivered extends Answered {
  readonly cell: CellId;
}

/** What did not end with a cell's answer. */
export interface Refused {
  readonly error: PlatformError;
  readonly cell: CellId | null;
}

/** In base64 the whole answer must fit into the 6 MB that a function may return. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

export class Exchange {
  readonly #parts: ExchangeParts;
  readonly #errand: Errand;
  readonly #routing: Routing;
  #wait: Wait | null = null;
  readonly #service: ServiceName;
  readonly #replayable: boolean;

  static async run(parts: ExchangeParts, errand: Errand): Promise<Delivered | Refused> {
    const forward = decide({ tenant: errand.tenant, map: parts.holder.map, cells: parts.cells });
    if (isPlatformError(forward)) return { error: forward, cell: null };
    const service = serviceOf(errand.target);
    if (service === null) return { error: noSuchPath(errand.target), cell: forward.cell };
    const routing = new Routing(parts, { tenant: errand.tenant, forward, method: errand.method });
    addForwardHeaders(errand.forwarded, {
      ...{ tenant: errand.tenant, cell: forward.cell, requestId: errand.requestId, credential: null },
      remainingMs: errand.deadlineAtMs - parts.clock.monotonicMs(),
    });
    const exchange = new Exchange(parts, { errand, routing, service });
    const ended = await exchange.#follow(routing.begin(errand.maxStalenessMs));
    // It may be another one than at the beginning.
    const { cell } = routing.forward;
    return isPlatformError(ended) ? { error: ended, cell } : { ...ended, cell };
  }

  private constructor(
    parts: ExchangeParts,
    request: { readonly errand: Errand; readonly routing: Routing; readonly service: ServiceName },
  ) {
    this.#parts = parts;
    this.#service = request.service;
    this.#errand = request.errand;
    this.#routing = request.routing;
    this.#replayable = request.errand.body === null || request.errand.body.length <= REPLAY_BYTES_MAX;
  }

  /** Ends because `Routing` allows no more than `ATTEMPTS_MAX` attempts, and a cell's motion no more than so many waits. */
  async #follow(first: RegionName | PlatformError): Promise<Answered | PlatformError> {
    let next: RegionName | PlatformError | Answered = first;
    while (typeof next === 'string') next = await this.#attempt(next);
    return next;
  }

  async #attempt(region: RegionName): Promise<RegionName | PlatformError | Answered> {
    const { clock, door } = this.#parts;
    const { cell } = this.#routing.forward;
    this.#routing.countAttempt();
    const origin = this.#parts.snapshots.address(cell, region)?.urls[this.#service];
    const seen = { region, replayable: this.#replayable };
    // Nobody has announced this place yet: as good as no connection.
    if (origin === undefined) return this.#routing.failed({ kind: 'never-sent' }, seen);
    const startedAtMs = clock.monotonicMs();
    const at = door(cell, region);
    at.inFlight += 1;
    const outcome = await this.#call(origin, region).finally(() => {
      at.inFlight -= 1;
    });
    const answer = judgeAnswer(outcome);
    const nowMs = clock.monotonicMs();
    at.note(answer, { status: outcome.kind === 'answered' ? outcome.status : 0, nowMs, tookMs: nowMs - startedAtMs });
    return this.#judge(answer, seen);
  }

  async #judge(answer: CellAnswer, seen: AttemptSeen): Promise<RegionName | PlatformError | Answered> {
    const { method } = this.#errand;
    const { forward } = this.#routing;
    switch (answer.kind) {
      case 'answered':
        return this.#answered(answer, seen);
      case 'never-sent':
      case 'lost':
        return this.#routing.failed({ kind: answer.kind }, seen);
      case 'broken':
        return failureError({ kind: 'lost' }, { method, forward });
      case 'expired':
        return deadlineError({ method, sent: answer.sent });
      case 'throttled':
        return throttledError(forward.cell);
      case 'too-large':
        return payloadTooLarge(this.#errand.body?.length ?? 0);
    }
  }

  async #answered(
    answer: CellAnswer & { kind: 'answered' },
    seen: AttemptSeen,
  ): Promise<RegionName | PlatformError | Answered> {
    const { status, head, body } = answer;
    const { holder } = this.#parts;
    if (status === MISDIRECTED || head.moving) {
      const next = this.#routing.misdirected(head, seen) ?? (await this.#waited(seen));
      if (next !== null) return next;
    } else if (head.owner !== undefined) this.#routing.answeredByOwner(head);
    const { headers } = head;
    headers.push('x-map-version', String(holder.map?.placement.version), 'x-map-age-ms', String(holder.ageMs()));
    return { status, headers: withoutAmazons(headers), body };
  }

  /** Where to after a wait; `null`: it is not waited. */
  async #waited(seen: AttemptSeen): Promise<RegionName | PlatformError | null> {
    const { deadlineAtMs, maxStalenessMs } = this.#errand;
    const remainingMs = deadlineAtMs - this.#parts.clock.monotonicMs();
    const waited = new Promise<boolean>((resolve) => {
      const go = () => resolve(true);
      this.#wait = this.#routing.waitForCell(seen, { before: this.#wait, remainingMs, go });
      if (this.#wait === null) resolve(false);
    });
    return (await waited) ? this.#routing.again(maxStalenessMs) : null;
  }

  async #call(origin: string, region: RegionName): Promise<HttpOutcome> {
    const { clock, signer, caller } = this.#parts;
    const { method, target, body, forwarded, deadlineAtMs } = this.#errand;
    const leftMs = deadlineAtMs - clock.monotonicMs();
    if (leftMs <= 0) return { kind: 'expired', sent: false, sentWhole: false };
    restateForward(forwarded, { cell: this.#routing.forward.cell, remainingMs: leftMs });
    const headers = body === null ? forwarded : ['content-length', String(body.length), ...forwarded];
    const signed = await signer.sign({ url: origin + target, method, headers, body, service: 'lambda', region });
    const [deadline, ended] = [new AbortController(), new AbortController()];
    // The sleep is cut short when the call ended first.
    clock.sleep(leftMs, ended.signal).then(
      () => deadline.abort(),
      () => undefined,
    );
    try {
      return await caller.call({ ...signed, bytesMax: ANSWER_BYTES_MAX, signal: deadline.signal });
    } finally {
      ended.abort();
    }
  }
}

/** What the front of the cell's function said to its caller, which is this router. */
function withoutAmazons(headers: readonly string[]): readonly string[] {
  return headers.filter((_, at) => !headers[at - (at % 2)]?.startsWith('x-amzn-'));
}
