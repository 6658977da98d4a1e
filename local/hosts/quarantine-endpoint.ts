/**
 * The quarantine over the cell host's internal API: `GET` lists, or with `?id=` shows one; `GET …/settled` is the audit (both
 * a page at a time, `?after=` the last page's `next`); `POST {id, wish, by, reason}` settles one. What comes in is checked like any input, though only operators know the secret.
 */
import type { QuarantineDesk } from '../../cell/reconcile/quarantine-desk.ts';
import { nonEmpty, settleRequest } from '../../cell/reconcile/settle-order.ts';
import { invalid, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

export const QUARANTINE_PATH = '/_holdfast/quarantine';
export const SETTLED_PATH = `${QUARANTINE_PATH}/settled`;

/** What the endpoint needs of the cell. */
export type Desk = Pick<QuarantineDesk, 'list' | 'show' | 'settled' | 'settle'>;

export async function answerQuarantine(
  desk: Desk,
  request: { readonly method: string; readonly url: string; readonly body: () => Promise<Buffer> },
): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url, 'http://cell');
  const [id, after] = ['id', 'after'].map((name) => searchParams.get(name));
  if (pathname === QUARANTINE_PATH && request.method === 'GET')
    return id ? desk.show(nonEmpty('id', id)) : desk.list(cursor(after));
  if (pathname === SETTLED_PATH && request.method === 'GET') return desk.settled(cursor(after));
  if (pathname === QUARANTINE_PATH && request.method === 'POST') {
    const { id: which, ...order } = settleRequest(members(await request.body()));
    return desk.settle(which, order);
  }
  throw new PlatformError({
    code: 'NOT_FOUND',
    kind: 'caller',
    effect: 'none',
    message: `There is no ${request.method} ${shown(pathname)}. Allowed: GET and POST ${QUARANTINE_PATH}, GET ${SETTLED_PATH}.`,
  });
}

const cursor = (after: string | null | undefined) => (after ? nonEmpty('after', after) : null);

function members(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (value !== null && typeof value === 'object') return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below, as for any other body that is no object.
  }
  throw invalid('The body is not a JSON object. Send {"id": …, "wish": …, "by": …, "reason": …}.');
}
