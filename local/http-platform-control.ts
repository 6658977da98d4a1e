/** `PlatformControl` from another process: the client of the supervisor's control API. */
import { ERROR_CODES, PlatformError } from '../core/errors.ts';
import type {
  LinkFault,
  LinkView,
  PlatformControl,
  PlatformView,
  ProcessAction,
  ProcessView,
  ReleaseOrder,
} from './platform-control.ts';
import { requireState } from './state-file.ts';

/** `start` waits until the process is ready, which may take several tries; a replacement ends it before. */
const CALL_MS_MAX = 60_000;

export class HttpPlatformControl implements PlatformControl {
  readonly #url: string;
  readonly #secret: string;

  constructor(options: { readonly url: string; readonly secret: string }) {
    this.#url = options.url;
    this.#secret = options.secret;
  }

  view(): Promise<PlatformView> {
    return this.#call<PlatformView>('GET', '/platform');
  }

  act(processName: string, action: ProcessAction): Promise<ProcessView> {
    return this.#call<ProcessView>('POST', `/processes/${encodeURIComponent(processName)}`, { action });
  }

  throttle(processName: string, runRatio: number): Promise<ProcessView> {
    return this.#call<ProcessView>('PUT', `/processes/${encodeURIComponent(processName)}`, { runRatio });
  }

  replace(processName: string, order: ReleaseOrder): Promise<ProcessView> {
    return this.#call<ProcessView>('PUT', `/processes/${encodeURIComponent(processName)}/release`, order);
  }

  async settleRelease(order: ReleaseOrder): Promise<void> {
    await this.#call('PUT', '/release', order);
  }

  setFault(linkName: string, fault: LinkFault): Promise<LinkView> {
    return this.#call<LinkView>('PUT', `/links/${encodeURIComponent(linkName)}`, fault);
  }

  heal(linkName: string): Promise<LinkView> {
    return this.#call<LinkView>('DELETE', `/links/${encodeURIComponent(linkName)}`);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#secret}`, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(CALL_MS_MAX),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new PlatformError({
        code: 'PLATFORM_NOT_RUNNING',
        kind: 'dependency',
        effect: 'unknown',
        message: `The platform at ${this.#url} does not answer (${cause instanceof Error ? cause.message : String(cause)}). See whether it still runs, and start it with "npm start".`,
        cause,
      });
    }
    const answer: unknown = await response.json();
    if (response.ok) return answer as T;
    throw fromProblem(answer, response.status);
  }
}

/** The control of the platform that runs from `stateDir`; throws `PLATFORM_NOT_RUNNING`. */
export async function attachToPlatform(stateDir: string): Promise<HttpPlatformControl> {
  const state = await requireState(stateDir);
  return new HttpPlatformControl({ url: state.controlUrl, secret: state.secret });
}

function fromProblem(answer: unknown, status: number): PlatformError {
  const problem = (typeof answer === 'object' && answer !== null ? answer : {}) as Readonly<Record<string, unknown>>;
  return new PlatformError({
    code: ERROR_CODES.find((known) => known === problem.code) ?? 'INTERNAL',
    kind: status < 500 ? 'caller' : 'dependency',
    effect: problem.effect === 'none' ? 'none' : 'unknown',
    message: typeof problem.detail === 'string' ? problem.detail : `The control API answered ${status}.`,
  });
}
