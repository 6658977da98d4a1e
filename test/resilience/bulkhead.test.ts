import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { Bulkhead } from '../../resilience/bulkhead.ts';
import { Deadline } from '../../resilience/deadline.ts';
import { dependencyError } from './dependency-errors.ts';

class Gate {
  readonly opened: Promise<string>;
  open: (value: string) => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

function setUp() {
  const clock = new FakeClock();
  const bulkhead = new Bulkhead({ name: 'cell c01', activeMax: 1, queuedMax: 2 });
  return { clock, bulkhead, within: (ms: number) => new Deadline({ clock, ms }) };
}

describe('Bulkhead', () => {
  it('lets so many run, so many wait, and refuses the rest with effect none', async () => {
    const { bulkhead, within } = setUp();
    const gate = new Gate();
    const calls = [1, 2, 3].map(() => bulkhead.run(within(1_000), () => gate.opened));
    expect([bulkhead.active, bulkhead.queued]).toEqual([1, 2]);
    await expect(bulkhead.run(within(1_000), async () => 'x')).rejects.toMatchObject({
      code: 'OVERLOADED',
      effect: 'none',
    });
    gate.open('done');
    await expect(Promise.all(calls)).resolves.toEqual(['done', 'done', 'done']);
    expect([bulkhead.active, bulkhead.queued]).toEqual([0, 0]);
  });

  it('lets a caller leave the queue at its deadline, with effect none as its work never began', async () => {
    const { bulkhead, within, clock } = setUp();
    const gate = new Gate();
    const first = bulkhead.run(within(1_000), () => gate.opened);
    let began = false;
    const waiting = bulkhead.run(within(10), async () => {
      began = true;
    });
    const ended = expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'none' });
    await clock.advance(10);
    await ended;
    gate.open('done');
    await first;
    await clock.advance(1);
    expect(began).toBe(false);
  });

  it('passes over those who left, so that those behind them are not held up', async () => {
    const { bulkhead, within, clock } = setUp();
    const gate = new Gate();
    const first = bulkhead.run(within(1_000), () => gate.opened);
    const leaves = bulkhead.run(within(10), async () => 'never').catch(() => 'left');
    const stays = bulkhead.run(within(1_000), async () => 'served');
    await clock.advance(10);
    gate.open('done');
    expect(await Promise.all([first, leaves, stays])).toEqual(['done', 'left', 'served']);
  });

  it('calls the effect unknown when the deadline cuts work that had begun', async () => {
    const { bulkhead, within, clock } = setUp();
    const run = bulkhead.run(within(10), () => new Gate().opened);
    const ended = expect(run).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'unknown' });
    await clock.advance(10);
    await ended;
  });

  it('passes on an error of the work and frees its place', async () => {
    const { bulkhead, within } = setUp();
    const error = dependencyError('STORE_UNAVAILABLE', 'unknown');
    await expect(bulkhead.run(within(10), async () => Promise.reject(error))).rejects.toBe(error);
    expect(bulkhead.active).toBe(0);
  });
});
