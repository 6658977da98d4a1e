/**
 * One request from its arrival to the end of its answer. It holds the state and the branches; the rules are the pure
 * ones of `router/core`. Invariants: the caller gets exactly one answer or a closed connection; every attempt is either
 * finished or abandoned when the exchange ends; nothing is sent twice unless `Routing` says so.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPlatformError, PlatformError } from '../../core/errors.ts';
import type { RegionName, TenantId } from '../../core/ids.ts';
import { decide } from '../core/decide.ts';
import { addForwardHeaders, restateForward } from '../core/forward-headers.ts';
import { IN_FLIGHT_PER_LINK_MAX } from '../core/limits.ts';
import type { Wait } from '../core/motion.ts';
import type { RequestHead } from '../core/request-head.ts';
import type { ResponseHead } from '../core/response-headers.ts';
import { deadlineError, isSafe, overloadedError } from '../core/retry.ts';
import { type AttemptSeen, MISDIRECTED, Routing } from '../core/routing.ts';
import { Attempt, type AttemptListener } from './attempt.ts';
import { endCheaply } from './end-answer.ts';
import { refuse } from './refuse.ts';
import { collectBody, planBody, StreamedBody } from './request-body.ts';
import type { RouterParts } from './router-parts.ts';

export class Exchange implements AttemptListener {
  readonly #parts: RouterParts;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #head: RequestHead;
  readonly #requestId: string;
  readonly #method: string;
  readonly #deadlineAtMs: number;
  #deadline: NodeJS.Timeout | null = null;
  #routing: Routing | null = null;
  #body: Buffer | StreamedBody | null = null;
  #attempt: Attempt | null = null;
  /** While the cell is on its way to the other region and nothing is sent. */
  #waiting = false;
  #wait: Wait | null = null;
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
    const known = authenticator.check(authorization, isSafe(this.#method) ? 'read' : 'write');
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
    this.#routing = new Routing(this.#parts, { tenant, forward, method: this.#method });
    const region = this.#routing.begin(this.#head.maxStalenessMs);
    if (isPlatformError(region)) {
      this.#fail(region);
      return;
    }
    addForwardHeaders(this.#head.forwarded, {
      tenant,
      cell: forward.cell,
      requestId: this.#requestId,
      credential,
      remainingMs: this.#remainingMs(),
    });
    this.#takeBody(region);
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
    const routing = this.#routed();
    const { cell } = routing.forward;
    const link = this.#parts.link(cell, region);
    const client = link.acquire();
    if (client === null) {
      this.#fail(overloadedError({ cell, inFlightMax: IN_FLIGHT_PER_LINK_MAX }));
      return;
    }
    routing.countAttempt();
    if (routing.attempts > 1 || this.#wait !== null)
      restateForward(this.#head.forwarded, { cell, remainingMs: this.#remainingMs() });
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
    const refused = status === MISDIRECTED || head.moving;
    if (refused && this.#redirected(attempt, head)) return false;
    const { holder } = this.#parts;
    if (!refused && head.owner !== undefined) this.#routing?.answeredByOwner(head);
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
    this.#follow(this.#routed().failed({ kind: attempt.sent ? 'lost' : 'never-sent' }, this.#seen(attempt)));
  }

  /** Deals with a refusal of who does not own the cell. `false`: the caller gets it as it came. */
  #redirected(attempt: Attempt, head: ResponseHead): boolean {
    const seen = this.#seen(attempt);
    const next = this.#routed().misdirected(head, seen);
    if (next === null) return this.#waitsFor(seen);
    this.#follow(next);
    return true;
  }

  /** Whether the request is sent anew in a moment. */
  #waitsFor(seen: AttemptSeen): boolean {
    const refused = { before: this.#wait, remainingMs: this.#remainingMs(), go: () => this.#goOn() };
    const wait = this.#routed().waitForCell(seen, refused);
    if (wait === null) return false;
    this.#wait = wait;
    this.#waiting = true;
    return true;
  }

  #goOn(): void {
    this.#waiting = false;
    if (!this.#done) this.#follow(this.#routed().again(this.#head.maxStalenessMs));
  }

  #follow(next: RegionName | PlatformError): void {
    if (isPlatformError(next)) this.#fail(next);
    else this.#send(next);
  }

  /** From here on the body is the copy that can be sent again, if there is one. */
  #seen(attempt: Attempt): AttemptSeen {
    if (this.#body instanceof StreamedBody) {
      const { replay } = this.#body;
      if (replay === null) return { region: attempt.region, replayable: false };
      this.#body = replay;
    }
    return { region: attempt.region, replayable: true };
  }

  /** Nothing is sent before there is one. */
  #routed(): Routing {
    return this.#routing as Routing;
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
    const placed = this.#routing === null ? [] : ['x-cell', this.#routing.forward.cell];
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
    this.#wait?.end();
    if (this.#deadline !== null) clearTimeout(this.#deadline);
  }

  #remainingMs(): number {
    return this.#deadlineAtMs - this.#parts.clock.monotonicMs();
  }

  /** The deadline's time has come. */
  expire(): void {
    if (this.#done) return;
    // Whatever was sent before a wait was refused, so nothing came of it.
    const sent = !this.#waiting && this.#attempt?.sent === true;
    this.#attempt?.expire();
    this.#fail(deadlineError({ method: this.#method, sent }));
  }
}

function onDeadline(exchange: Exchange): void {
  exchange.expire();
}
