import { describe, expect, it } from '@jest/globals';
import { invalid } from '../../core/errors.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { seededRng } from '../../core/rng.ts';
import { Breaker } from '../../resilience/breaker.ts';
import { Deadline } from '../../resilience/deadline.ts';
import { type RetryOptions, retry } from '../../resilience/retry.ts';
import { RetryBudget } from '../../resilience/retry-budget.ts';
import { dependencyError } from './dependency-errors.ts';

function setUp(change: Partial<RetryOptions> & { deadlineMs?: number } = {}) {
  const clock = new FakeClock();
  const options: RetryOptions = {
    what: 'The payment',
    clock,
    rng: seededRng(1),
    deadline: new Deadline({ clock, ms: change.deadlineMs ?? 10_000 }),
    budget: new RetryBudget({ clock, retriesPerSecondMin: 10 }),
    idempotent: false,
    ...change,
  };
  return { clock, options };
}

/** Runs the retries to their end on the fake clock; the outcome and how often the work was tried. */
async function outcomeOf(
  { clock, options }: ReturnType<typeof setUp>,
  work: (attempt: number, signal: AbortSignal) => Promise<unknown>,
) {
  let attempts = 0;
  const settled = retry(options, (signal) => work(++attempts, signal)).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await clock.advance(20_000);
  return { ...(await settled), attempts };
}

describe('retry', () => {
  it('retries what had no effect until it succeeds', async () => {
    const outcome = await outcomeOf(setUp(), async (attempt) => {
      if (attempt < 3) throw dependencyError('STORE_CONFLICT');
      return 'done';
    });
    expect(outcome).toEqual({ value: 'done', attempts: 3 });
  });

  it('gives up after so many attempts with the last error', async () => {
    const outcome = await outcomeOf(setUp({ attemptsMax: 2 }), async (attempt) => {
      throw dependencyError(attempt === 1 ? 'STORE_CONFLICT' : 'STORE_THROTTLED');
    });
    expect(outcome).toMatchObject({ attempts: 2, error: { code: 'STORE_THROTTLED' } });
  });

  it('does not retry what may have had an effect', async () => {
    const outcome = await outcomeOf(setUp(), async () => Promise.reject(dependencyError('OUTCOME_UNKNOWN', 'unknown')));
    expect(outcome).toMatchObject({ attempts: 1, error: { code: 'OUTCOME_UNKNOWN' } });
  });

  it('retries what may have had an effect when it is idempotent', async () => {
    const outcome = await outcomeOf(setUp({ idempotent: true }), async (attempt) => {
      if (attempt === 1) throw dependencyError('OUTCOME_UNKNOWN', 'unknown');
      return 'done';
    });
    expect(outcome).toEqual({ value: 'done', attempts: 2 });
  });

  it.each([
    ['what the caller did wrong', invalid('no')],
    ['what has no right to write', dependencyError('FENCE_STALE_EPOCH')],
    ['what is overloaded', dependencyError('OVERLOADED')],
    ['what nobody foresaw', new Error('?')],
  ])('does not retry %s', async (_title, error) => {
    const outcome = await outcomeOf(setUp({ idempotent: true }), async () => Promise.reject(error));
    expect(outcome).toEqual({ error, attempts: 1 });
  });

  it('stops when the budget is spent', async () => {
    const clock = new FakeClock();
    const budget = new RetryBudget({ clock, retriesPerSecondMin: 0, retryRatioMax: 0 });
    const outcome = await outcomeOf(setUp({ budget }), async () => Promise.reject(dependencyError()));
    expect(outcome.attempts).toBe(1);
  });

  it('stops when the breaker opens, without spending the other attempts', async () => {
    const breaker = new Breaker({
      name: 'payments',
      code: 'PAYMENT_UNAVAILABLE',
      opensAfter: { kind: 'consecutive', failures: 2 },
      halfOpenAfterMs: 60_000,
    });
    const outcome = await outcomeOf(setUp({ breaker, attemptsMax: 9 }), async () => Promise.reject(dependencyError()));
    expect(outcome).toMatchObject({ attempts: 2, error: { code: 'PAYMENT_UNAVAILABLE', details: { state: 'open' } } });
  });

  it('never outlives the deadline, in an attempt or between two', async () => {
    const setup = setUp({ deadlineMs: 100, idempotent: true });
    const began = setup.clock.monotonicMs();
    let endedAtMs = 0;
    const settled = retry(setup.options, () => new Promise<never>(() => undefined)).catch((error: unknown) => {
      endedAtMs = setup.clock.monotonicMs();
      return error;
    });
    await setup.clock.advance(1_000);
    expect(await settled).toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'unknown' });
    expect(endedAtMs - began).toBe(100);
  });

  it('does not begin to wait for a retry that the deadline would cut', async () => {
    const setup = setUp({ deadlineMs: 5, baseMs: 100_000, capMs: 100_000 });
    const outcome = await outcomeOf(setup, async () => Promise.reject(dependencyError()));
    expect(outcome).toMatchObject({ attempts: 1, error: { code: 'STORE_UNAVAILABLE' } });
  });

  it('cuts one slow attempt of an idempotent call and tries again within the deadline', async () => {
    const outcome = await outcomeOf(setUp({ attemptMs: 50, idempotent: true }), (attempt) =>
      attempt === 1 ? new Promise(() => undefined) : Promise.resolve('done'),
    );
    expect(outcome).toEqual({ value: 'done', attempts: 2 });
  });

  it('aborts the signal of an attempt that it cut', async () => {
    const signals: AbortSignal[] = [];
    await outcomeOf(setUp({ attemptMs: 50, idempotent: true }), (attempt, signal) => {
      signals.push(signal);
      return attempt === 1 ? new Promise(() => undefined) : Promise.resolve('done');
    });
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
  });
});
