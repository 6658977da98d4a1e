import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { invalid } from '../../core/errors.ts';
import { Breaker, type BreakerState, isBreakerRefusal } from '../../resilience/breaker.ts';
import { dependencyError } from './dependency-errors.ts';

// Cockatiel reads Date.now, so its clock is replaced, not injected.
beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

function breakerAfter(failures: number): { breaker: Breaker; states: BreakerState[] } {
  const states: BreakerState[] = [];
  const breaker = new Breaker({
    name: 'payments',
    code: 'PAYMENT_UNAVAILABLE',
    opensAfter: { kind: 'consecutive', failures },
    halfOpenAfterMs: 500,
    onChange: (state) => states.push(state),
  });
  return { breaker, states };
}

const fails = async () => Promise.reject(dependencyError('PAYMENT_UNAVAILABLE'));
const works = async () => 'done';

async function failTimes(breaker: Breaker, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await breaker.run(fails).catch(() => undefined);
}

describe('Breaker', () => {
  it('opens after so many failures in a row and then refuses without calling, effect none', async () => {
    const { breaker } = breakerAfter(3);
    await failTimes(breaker, 3);
    expect(breaker.state).toBe('open');
    const work = jest.fn(works);
    const refused = await breaker.run(work).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'PAYMENT_UNAVAILABLE', effect: 'none', kind: 'dependency' });
    expect(isBreakerRefusal(refused)).toBe(true);
    expect(work).not.toHaveBeenCalled();
  });

  it('starts counting again after a success', async () => {
    const { breaker } = breakerAfter(3);
    await failTimes(breaker, 2);
    await breaker.run(works);
    await failTimes(breaker, 2);
    expect(breaker.state).toBe('closed');
  });

  it('does not count answers: what the caller did wrong, and conflicts', async () => {
    const { breaker } = breakerAfter(1);
    for (const error of [invalid('no such cart'), dependencyError('VERSION_CONFLICT')]) {
      await expect(breaker.run(async () => Promise.reject(error))).rejects.toBe(error);
    }
    expect(breaker.state).toBe('closed');
  });

  it('lets one call try after the pause, refuses the others meanwhile, and closes when it succeeds', async () => {
    const { breaker, states } = breakerAfter(1);
    await failTimes(breaker, 1);
    jest.setSystemTime(1_000_500);
    let finish: (value: string) => void = () => undefined;
    const trial = breaker.run(() => new Promise<string>((resolve) => (finish = resolve)));
    expect(breaker.state).toBe('half-open');
    await expect(breaker.run(works)).rejects.toMatchObject({ code: 'PAYMENT_UNAVAILABLE' });
    finish('done');
    await expect(trial).resolves.toBe('done');
    await expect(breaker.run(works)).resolves.toBe('done');
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('stays open for another pause when the trial fails', async () => {
    const { breaker } = breakerAfter(1);
    await failTimes(breaker, 1);
    jest.setSystemTime(1_000_500);
    await failTimes(breaker, 1);
    jest.setSystemTime(1_000_900);
    await expect(breaker.run(works)).rejects.toMatchObject({ code: 'PAYMENT_UNAVAILABLE' });
    jest.setSystemTime(1_001_000);
    await expect(breaker.run(works)).resolves.toBe('done');
  });

  it('opens on a share of failures when it samples, and not at a rate that proves nothing', async () => {
    const sampling = (callsPerSecondMin: number) =>
      new Breaker({
        name: 'store',
        code: 'STORE_UNAVAILABLE',
        opensAfter: { kind: 'sampling', failureRatio: 0.5, windowMs: 1_000, callsPerSecondMin },
        halfOpenAfterMs: 500,
      });
    const [busy, quiet] = [sampling(5), sampling(1_000)];
    for (const breaker of [busy, quiet]) {
      for (let call = 0; call < 10; call++) await breaker.run(works);
      await failTimes(breaker, 12);
    }
    expect([busy.state, quiet.state]).toEqual(['open', 'closed']);
  });

  it('tells its own refusal from the same code of the dependency', async () => {
    expect(isBreakerRefusal(dependencyError('PAYMENT_UNAVAILABLE'))).toBe(false);
  });
});
