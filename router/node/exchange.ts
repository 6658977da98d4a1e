/**
 * One request from its arrival to the end of its answer. It holds the state and the branches; the rules are the pure
 * ones of `router/core`. Invariants: the caller gets exactly one answer or a closed connection; every attempt is either
 * finished or abandoned when the exchange ends; nothing is sent twice unless `retryRegion` says so.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { RegionName, TenantId } from '../../core/ids.ts';
import { decide, type Forward, firstRegion, nearestRegion } from '../core/decide.ts';
import { addForwardHeaders, restateDeadline } from '../core/forward-headers.ts';
import { readHint } from '../core/hints.ts';
import { IN_FLIGHT_PER_LINK_MAX } from '../core/limits.ts';
import type { RequestHead } from '../core/request-head.ts';
import type { ResponseHead } from '../core/response-headers.ts';
import { deadlineError, type Failure, failureError, overloadedError, retryRegion } from '../core/retry.ts';
import { Attempt, type AttemptListener } from './attempt.ts';
import { endCheaply } from './end-answer.ts';
import { refuse } from './refuse.ts';
import { collectBody, planBody, StreamedBody } from './request-body.ts';
import type { RouterParts } from './router-parts.ts';

const MISDIRECTED = 421;

export class Exchange implements AttemptListener {
  readonly #parts: RouterParts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #head: RequestHead;
  readonly #requestId: string;
  readonly #method: string;
  readonly #deadlineAtMs: number;
  #deadline: NodeJS.Timeout | null = null;
  #forward: Forward | null = null;
  #body: Buffer | StreamedBody | null = null;
  #attempt: Attempt | null = null;
  #attempts = 0;
  #done = false;
  /** What is left of the answer, when its length is declared: the last chunk ends the response in one write. */
  #bytesLeft = -1;

  constructor(options: {
    parts: RouterParts;
    request: IncomingMessage;
    response: ServerResponse;
    head: RequestHead;
    requestId: string;
  }) {
    this.#parts = options.parts;
    this.#request = options.request;
    this.#response = options.response;
    this.#head = options.head;
    this.#requestId = options.requestId;
    this.#method = options.request.method as string;
    this.#deadlineAtMs = options.parts.clock.monotonicMs() + options.head.deadlineMs;
  }

  start(): void {
    this.#deadline = setTimeout(onDeadline, this.#head.deadlineMs, this);
    this.#response.on('close', () => this.#onClosed());
    const { authenticator } = this.#parts;
    const { authorization } = this.#head;
    const known = authenticator.check(authorization);
    if (known !== null) this.#onTenant(known);
    // Only a header that is there can be unknown.
    else void authenticator.verify(authorization ?? '').then((verified) => this.#onTenant(verified));
  }

  #onTenant(tenant: TenantId | PlatformError): void {
    if (this.#done) return;
    if (isPlatformError(tenant)) {
      this.#fail(tenant);
      return;
    }
    const { holder, cells, credential } = this.#parts;
    const forward = decide({ tenant, map: holder.map, cells });
    if (forward instanceof PlatformError) {
      this.#fail(forward);
      return;
    }
    this.#forward = forward;
    addForwardHeaders(this.#head.forwarded, {
      tenant,
      cell: forward.cell,
      requestId: this.#requestId,
      credential,
      remainingMs: this.#remainingMs(),
    });
    this.#takeBody(this.#beginAt(forward));
  }

  #beginAt(forward: Forward): RegionName {
    const admits = (region: RegionName) => this.#admits(region);
    if (this.#head.maxStalenessMs === null || this.#method !== 'GET') return firstRegion(forward, admits);
    return nearestRegion(forward, { here: this.#parts.region, admits });
  }

  #takeBody(region: RegionName): void {
    const plan = planBody(this.#head);
    if (plan === 'none') {
      this.#send(region);
      return;
    }
    if (this.#request.headers.expect !== undefined) this.#response.writeContinue();
    if (plan === 'collect') {
      collectBody(this.#request, (body) => {
        this.#body = body;
        if (!this.#done) this.#send(region);
      });
      return;
    }
    if (this.#head.contentLength !== null) {
      this.#head.forwarded.unshift('content-length', String(this.#head.contentLength));
    }
    this.#body = this.#request.pipe(new StreamedBody());
    this.#send(region);
  }

  #send(region: RegionName): void {
    const forward = this.#forward as Forward;
    const link = this.#parts.link(forward.cell, region);
    const client = link.acquire();
    if (client === null) {
      this.#fail(overloadedError({ cell: forward.cell, inFlightMax: IN_FLIGHT_PER_LINK_MAX }));
      return;
    }
    this.#attempts += 1;
    if (this.#attempts > 1) restateDeadline(this.#head.forwarded, this.#remainingMs());
    const attempt = new Attempt({ region, link, client, listener: this });
    this.#attempt = attempt;
    client.dispatch(
      {
        method: this.#method,
        path: this.#request.url as string,
        headers: this.#head.forwarded,
        body: this.#body,
      },
      attempt,
    );
  }

  onHead(attempt: Attempt, status: number, head: ResponseHead): boolean {
    if (status === MISDIRECTED && this.#redirected(attempt, head)) return false;
    const { holder } = this.#parts;
    if (status !== MISDIRECTED && head.owner !== undefined) this.#learnFrom(head);
    const { headers } = head;
    headers.push('x-map-version', String(holder.map?.placement.version), 'x-map-age-ms', String(holder.ageMs()));
    this.#bytesLeft = head.contentLength ?? -1;
    this.#response.writeHead(status, headers);
    return true;
  }

  onChunk(chunk: Buffer): boolean {
    if (this.#bytesLeft === chunk.length) {
      this.#bytesLeft = 0;
      this.#finish();
      endCheaply(this.#response, chunk);
      return true;
    }
    this.#bytesLeft -= chunk.length;
    if (this.#response.write(chunk)) return true;
    this.#response.once('drain', () => this.#attempt?.resume());
    return false;
  }

  onEnd(): void {
    if (this.#done) return;
    this.#finish();
    this.#response.end();
  }

  onFailed(attempt: Attempt, error: Error): void {
    if (this.#done) return;
    if (isPlatformError(error)) {
      this.#fail(error);
      return;
    }
    // The caller has part of an answer that will never be whole: only a closed connection says so.
    if (attempt.answered) {
      this.#break();
      return;
    }
    this.#retryOrFail(attempt, { kind: attempt.sent ? 'lost' : 'never-sent' });
  }

  /** What a cell says of its owner, with any answer. `null`: nothing usable; else whether it was news. */
  #learnFrom(head: ResponseHead): boolean | null {
    const { holder, cells } = this.#parts;
    const { cell } = this.#forward as Forward;
    const hint = readHint({ cell, cells, owner: head.owner, epoch: head.epoch });
    return hint === null ? null : holder.learn({ cell, hint });
  }

  /** Deals with a 421: learns, and tries once more where the owner is, or (it does not know) in the other region. */
  #redirected(attempt: Attempt, head: ResponseHead): boolean {
    const { holder } = this.#parts;
    const forward = this.#forward as Forward;
    const news = this.#learnFrom(head);
    if (news === null) return this.#elsewhere(attempt);
    const owner = holder.map?.ownership.get(forward.cell)?.region ?? null;
    const region = this.#retryTo(attempt, { kind: 'not-here', owner });
    if (region === null) return false;
    // Without news the owner is who we avoided by asking here first: better "unreachable, no effect" than "unknown".
    if (news || this.#admits(region)) this.#send(region);
    else this.#fail(failureError({ kind: 'never-sent' }, { method: this.#method, forward }));
    return true;
  }

  /** A region that is not the owner and knows of none: the cell is on its way to the other one. Refused, so no effect. */
  #elsewhere(attempt: Attempt): boolean {
    const region = this.#retryTo(attempt, { kind: 'never-sent' });
    if (region === null || !this.#admits(region)) return false;
    this.#send(region);
    return true;
  }

  #admits(region: RegionName): boolean {
    const link = this.#parts.link((this.#forward as Forward).cell, region);
    return link.breaker.admits(link.nowMs());
  }

  #retryOrFail(attempt: Attempt, failure: Failure): void {
    const region = this.#retryTo(attempt, failure);
    if (region !== null) {
      this.#send(region);
      return;
    }
    this.#fail(failureError(failure, { method: this.#method, forward: this.#forward as Forward }));
  }

  #retryTo(attempt: Attempt, failure: Failure): RegionName | null {
    const replay = this.#body instanceof StreamedBody ? this.#body.replay : this.#body;
    const region = retryRegion(failure, {
      forward: this.#forward as Forward,
      region: attempt.region,
      attempts: this.#attempts,
      method: this.#method,
      replayable: this.#body === null || replay !== null,
    });
    if (region !== null) this.#body = replay;
    return region;
  }

  #fail(error: PlatformError): void {
    if (this.#done) return;
    const attempt = this.#attempt;
    if (this.#response.headersSent) {
      this.#break();
      return;
    }
    this.#finish();
    attempt?.abandon();
    const placed = this.#forward === null ? [] : ['x-cell', this.#forward.cell];
    refuse(this.#response, error, { requestId: this.#requestId, headers: placed });
  }

  #break(): void {
    this.#finish();
    this.#attempt?.abandon();
    this.#response.destroy();
  }

  #onClosed(): void {
    if (this.#done) return;
    this.#finish();
    this.#attempt?.abandon();
  }

  #finish(): void {
    this.#done = true;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
  }

  #remainingMs(): number {
    return this.#deadlineAtMs - this.#parts.clock.monotonicMs();
  }

  /** The deadline's time has come. */
  expire(): void {
    if (this.#done) return;
    this.#attempt?.expire();
    this.#fail(deadlineError({ method: this.#method, sent: this.#attempt?.sent ?? false }));
  }
}

function onDeadline(exchange: Exchange): void {
  exchange.expire();
}
