/**
 * Runs a process that stands by through its front door, before it is let near customers: reads that its copy may answer, for a tenant
 * of nobody. What it answers is of no interest, but that it does.
 */

import type { Exercise, Place, PortLimit } from '../control/rollout/release/release-ports.ts';
import type { Clock } from '../core/clock.ts';

/** A release that fails one answer in twenty passes this with a chance of 1 in 200. */
const REQUESTS = 100;
const CALL_MS_MAX = 5_000;
const STALENESS_MS = 10_000;
/** Names tried for a tenant that this cell serves: with C cells, each fits with a chance of 1 in C. */
const NAMES_MAX = 200;
const PATHS = ['/carts/warm-up', '/stock/anchor-mug', '/products?limit=1'];
const MISDIRECTED = 421;

interface Exercised extends Place {
  /** `null`: nobody listens. */
  readonly url: string | null;
  readonly secret: string;
  readonly clock: Clock;
}

interface Answer {
  readonly status: number;
  readonly code: string | null;
}

export async function exerciseCell(of: Exercised, limit: PortLimit): Promise<Exercise> {
  const { url } = of;
  if (url === null) return { served: 0, failed: 0, firstFailure: null };
  const tenant = await tenantOf(of, { url, limit });
  let [served, failed] = [0, 0];
  let firstFailure: string | null = null;
  const endAtMs = of.clock.monotonicMs() + limit.withinMs;
  for (let sent = 0; sent < REQUESTS && of.clock.monotonicMs() < endAtMs; sent++) {
    const path = PATHS[sent % PATHS.length] ?? '';
    const answer = await ask(of, { url: url + path, tenant, signal: limit.signal });
    const isFailure = answer === null || answer.status >= 500;
    if (isFailure) {
      failed += 1;
      firstFailure ??= `${path}: ${answer === null ? 'no answer' : `${answer.status} ${answer.code ?? ''}`.trim()}`;
    } else if (answer.status !== MISDIRECTED) served += 1;
  }
  return { served, failed, firstFailure };
}

async function tenantOf(of: Exercised, { url, limit }: { url: string; limit: PortLimit }): Promise<string> {
  for (let n = 0; n < NAMES_MAX; n++) {
    const tenant = `warm-up-${n}`;
    const answer = await ask(of, { url: `${url}${PATHS[0]}`, tenant, signal: limit.signal });
    if (answer?.code !== 'WRONG_CELL') return tenant;
  }
  return 'warm-up-0';
}

/** `null`: no answer. */
async function ask(of: Exercised, call: { url: string; tenant: string; signal: AbortSignal }): Promise<Answer | null> {
  call.signal.throwIfAborted();
  try {
    const response = await fetch(call.url, {
      headers: {
        authorization: `Holdfast-Internal ${of.secret}`,
        'x-holdfast-tenant': call.tenant,
        'x-holdfast-cell': of.cell,
        'x-deadline-ms': String(CALL_MS_MAX),
        'x-max-staleness-ms': String(STALENESS_MS),
      },
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(CALL_MS_MAX)]),
    });
    const text = await response.text();
    return { status: response.status, code: response.status < 400 ? null : codeOf(text) };
  } catch {
    call.signal.throwIfAborted();
    return null;
  }
}

function codeOf(text: string): string | null {
  try {
    const { code } = JSON.parse(text) as { readonly code?: unknown };
    return typeof code === 'string' ? code : null;
  } catch {
    // No problem document.
    return null;
  }
}
