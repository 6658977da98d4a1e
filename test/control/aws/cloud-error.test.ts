import { describe, expect, it } from '@jest/globals';
import { cloudError } from '../../../control/aws/cloud-error.ts';

const sdkError = (name: string, httpStatusCode?: number) =>
  Object.assign(new Error('text of AWS'), { name, $metadata: httpStatusCode ? { httpStatusCode } : {} });

describe('an error of the SDK', () => {
  it.each([
    { name: 'CredentialsProviderError', status: undefined, code: 'UNAUTHENTICATED', effect: 'none' },
    { name: 'ExpiredToken', status: 403, code: 'UNAUTHENTICATED', effect: 'none' },
    { name: 'AccessDenied', status: 403, code: 'FORBIDDEN', effect: 'none' },
    { name: 'ValidationError', status: 400, code: 'DEPLOY_FAILED', effect: 'none' },
    { name: 'Throttling', status: 400, code: 'CLOUD_UNAVAILABLE', effect: 'unknown' },
    { name: 'InternalFailure', status: 500, code: 'CLOUD_UNAVAILABLE', effect: 'unknown' },
    { name: 'TimeoutError', status: undefined, code: 'CLOUD_UNAVAILABLE', effect: 'unknown' },
  ])('$name ($status) of a change is $code, effect $effect', ({ name, status, code, effect }) => {
    expect(cloudError(sdkError(name, status), { doing: 'deploy it', looksOnly: false })).toMatchObject({
      code,
      effect,
    });
  });

  it('has no effect where the call only looked', () => {
    const error = cloudError(sdkError('TimeoutError'), { doing: 'look', looksOnly: true });
    expect(error).toMatchObject({ code: 'CLOUD_UNAVAILABLE', effect: 'none' });
  });
});
