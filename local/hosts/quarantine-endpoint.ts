/**
 * The quarantine over the cell host's internal API: `GET` lists, or with `?id=` shows one; `GET …/settled` is the audit;
 * `POST {id, wish, by, reason}` settles one. What comes in is checked like any input, though only operators know the secret.
 */
import type { QuarantineDesk } from '../../cell/reconcile/quarantine-desk.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

export const QUARANTINE_PATH = '/_holdfast/quarantine';
export const SETTLED_PATH = `${QUARANTINE_PATH}/settled`;

/** What a person may wish; `automatic` is the loop's alone. */
export const WISHES = ['adopt', 'merge', 'discard'] as const;
export type PersonsWish = (typeof WISHES)[number];

export interface SettleRequest {
  readonly id: string;
  readonly wish: PersonsWish;
  readonly by: string;
  readonly reason: string;
}

/** What the endpoint needs of the cell. */
export type Desk = Pick<QuarantineDesk, 'list' | 'show' | 'settled' | 'settle'>;

const TEXT_LENGTH_MAX = 1_000;

export async function answerQuarantine(
  desk: Desk,
  request: { readonly method: string; readonly url: string; readonly body: () => Promise<Buffer> },
): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url, 'http://cell');
  const id = searchParams.get('id');
  if (pathname === QUARANTINE_PATH && request.method === 'GET')
    return id === null ? desk.list() : desk.show(text('id', id));
  if (pathname === SETTLED_PATH && request.method === 'GET') return desk.settled();
  if (pathname === QUARANTINE_PATH && request.method === 'POST') {
    const { id: which, ...order } = settleRequest(await request.body());
    return desk.settle(which, order);
  }
  throw new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no ${request.method} ${shown(pathname)}. Allowed: GET and POST ${QUARANTINE_PATH}, GET ${SETTLED_PATH}.`,
  });
}

function settleRequest(body: Buffer): SettleRequest {
  const given = members(body);
  const wish = WISHES.find((choice) => choice === given.wish);
  if (!wish) throw invalid(`wish is ${shown(given.wish)}. Allowed: ${WISHES.join(', ')}.`);
  return { wish, id: text('id', given.id), by: text('by', given.by), reason: text('reason', given.reason) };
}

function members(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (value !== null && typeof value === 'object') return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below, as for any other body that is no object.
  }
  throw invalid('The body is not a JSON object. Send {"id": …, "wish": …, "by": …, "reason": …}.');
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= TEXT_LENGTH_MAX) return value;
  throw invalid(`${name} is ${shown(value)}. Allowed: a text of 1–${TEXT_LENGTH_MAX} characters.`);
}
