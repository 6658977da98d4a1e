/** Reads a JSON body: refused by its type and declared length before it is read, by its real length before it is parsed. */
import type { HonoRequest } from 'hono';
import { invalid, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

/** The largest request of these services is a few hundred bytes. */
export const BODY_BYTES_MAX = 16 * 1024;
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Throws `UNSUPPORTED`, `PAYLOAD_TOO_LARGE`, `INVALID_INPUT`. */
export async function readJson(request: HonoRequest): Promise<unknown> {
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
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > BODY_BYTES_MAX) throw tooLarge(bytes.byteLength);
  return parse(bytes);
}

function parse(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(
      `The body is no JSON (${(error as Error).message}). Allowed: a document as /openapi.json describes it.`,
    );
  }
}

function tooLarge(seenBytes: number): PlatformError {
  return new PlatformError({
    code: 'PAYLOAD_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `The body has ${seenBytes} bytes. Allowed: ${BODY_BYTES_MAX}.`,
  });
}
