/** What the SDK throws, translated once: who is to blame, whether anything was changed, what to do next. */
import { PlatformError } from '../../core/errors.ts';

const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'AuthenticationError', 'NoCredentialsError']);
const BAD_CREDENTIALS = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'IncompleteSignature',
]);
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden']);

const BUSY = /throttl|TooManyRequests|RequestLimitExceeded|SlowDown|RequestTimeout/i;

interface SdkShape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/**
 * `doing`: what was tried, as `ask CloudFormation for the stacks of us-east-1`. Whatever has no answer is
 * `CLOUD_UNAVAILABLE`; its effect is unknown unless the call only looks. An answer that says no had none.
 */
export function cloudError(
  thrown: unknown,
  { doing, looksOnly }: { readonly doing: string; readonly looksOnly: boolean },
): PlatformError {
  if (thrown instanceof PlatformError) return thrown;
  const { name, message, $metadata } = (thrown ?? {}) as SdkShape;
  const text = typeof message === 'string' ? message : String(thrown);
  const code = typeof name === 'string' ? name : '';
  if (NO_CREDENTIALS.has(code)) return noCredentials(thrown);
  if (BAD_CREDENTIALS.has(code)) {
    return caller('UNAUTHENTICATED', {
      message: `AWS refuses these credentials, so it was not possible to ${doing}: ${text}. Sign in again ("aws sso login", or new keys) and repeat; what is done already is skipped.`,
      cause: thrown,
    });
  }
  if (DENIED.has(code) || $metadata?.httpStatusCode === 403) {
    return caller('FORBIDDEN', {
      message: `These credentials may not ${doing}: ${text}. Use others, or have the permission added.`,
      cause: thrown,
    });
  }
  const status = $metadata?.httpStatusCode ?? 0;
  if (status >= 400 && status < 500 && !BUSY.test(code)) {
    const refusal = `AWS refuses to ${doing}: ${code}: ${text}`;
    return new PlatformError({
      code: 'DEPLOY_FAILED',
      kind: 'dependency',
      effect: 'none',
      message: refusal,
      cause: thrown,
    });
  }
  return new PlatformError({
    code: 'CLOUD_UNAVAILABLE',
    kind: 'dependency',
    effect: looksOnly ? 'none' : 'unknown',
    message: `AWS gave no answer to the attempt to ${doing} (${code ? `${code}: ` : ''}${text}). Run the same command again; it goes on from where things stand.`,
    cause: thrown,
  });
}

export function noCredentials(cause: unknown): PlatformError {
  const message =
    'No AWS credentials were found (environment, profile, sign-in, instance role); set AWS_PROFILE or run "aws sso login" and try again: nothing was created.';
  return caller('UNAUTHENTICATED', { message, cause });
}

function caller(
  code: 'UNAUTHENTICATED' | 'FORBIDDEN',
  { message, cause }: { readonly message: string; readonly cause: unknown },
): PlatformError {
  return new PlatformError({ code, kind: 'caller', effect: 'none', message, cause });
}
