/** Refuses a body by its declared length before it is read, by its real length before it is parsed, and by its type. */
import type { HonoRequest } from 'hono';
import { PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

/** The largest request of these services is a few hundred bytes. */
export const BODY_BYTES_MAX = 16 * 1024;
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

export async function readBoundedJson(request: HonoRequest): Promise<void> {
  const type = request.header('content-type');
  if (type === undefined || !JSON_TYPE.test(type)) {
    throw new PlatformError({
      code: 'UNSUPPORTED',
      kind: 'caller',
      effect: 'none',
      message: `Content type ${shown(type ?? 'none')} is not supported. Allowed: application/json.`,
    });
  }
  const declared = Number(request.header('content-length') ?? 0);
  if (!(declared <= BODY_BYTES_MAX)) throw tooLarge(declared);
  // Hono keeps the bytes: the validator parses them without reading again.
  const { byteLength } = await request.arrayBuffer();
  if (byteLength > BODY_BYTES_MAX) throw tooLarge(byteLength);
}

function tooLarge(seenBytes: number): PlatformError {
  return new PlatformError({
    code: 'PAYLOAD_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `The body has ${seenBytes} bytes. Allowed: ${BODY_BYTES_MAX}.`,
  });
}
