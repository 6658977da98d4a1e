import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, invalid, PlatformError, toPlatformError } from '../../core/errors.ts';
import { PROBLEMS, toProblem } from '../../core/problem.ts';

describe('toProblem', () => {
  it.each(ERROR_CODES)('gives %s an error status, a title and a text of its own', (code) => {
    const { status, body } = toProblem(
      new PlatformError({ code, kind: 'dependency', effect: 'unknown', message: 'connect ECONNREFUSED 10.0.0.7:8000' }),
    );
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(body).toEqual({
      type: `urn:holdfast:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title: PROBLEMS[code].title,
      status,
      code,
      detail: PROBLEMS[code].detail,
      effect: 'unknown',
    });
  });

  it('passes on what was written for the caller, with the path of the request', () => {
    const { status, body } = toProblem(invalid('Not a tenant: "/". Allowed: letters.'), { instance: '/carts/1' });
    expect(status).toBe(400);
    expect(body.detail).toBe('Not a tenant: "/". Allowed: letters.');
    expect(body.instance).toBe('/carts/1');
    expect(body.effect).toBe('none');
  });

  it('lets nothing of a bug or of a dependency reach the caller: no text, no stack, no cause, no details', () => {
    const secret = 'holdfast-c01 at 10.0.0.7';
    const errors = [
      toPlatformError(new Error(secret)),
      new PlatformError({
        code: 'STORE_UNAVAILABLE',
        kind: 'dependency',
        effect: 'none',
        message: secret,
        details: { secret },
        cause: new Error(secret),
      }),
    ];
    for (const error of errors) expect(JSON.stringify(toProblem(error))).not.toContain('10.0.0.7');
  });

  it('bounds the echo of what the caller sent', () => {
    expect(toProblem(invalid('x'.repeat(100_000))).body.detail.length).toBeLessThanOrEqual(1_000);
  });
});
