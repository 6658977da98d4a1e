/** Reads a request's body up to Lambda's limit: refused by its declared length before a byte is kept, and again while reading. */
import type { IncomingMessage } from 'node:http';
import { PlatformError } from '../../core/errors.ts';

/** What a Function URL takes: 6 MB. */
export const BODY_BYTES_MAX = 6 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

export async function readBoundedBody(request: IncomingMessage): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > BODY_BYTES_MAX) throw tooLarge(`${declared} bytes`);
  if (declared === 0 && request.headers['transfer-encoding'] === undefined) return NOTHING;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw tooLarge(`more than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(seen: string): PlatformError {
  return new PlatformError({
    code: 'PAYLOAD_TOO_LARGE',
    kind: 'caller',
    effect: 'none',
    message: `The body has ${seen}. Allowed: ${BODY_BYTES_MAX} bytes.`,
  });
}
