import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { Deadline } from '../../resilience/deadline.ts';

const never = () => new Promise<never>(() => undefined);

describe('Deadline', () => {
  it('counts down on the monotonic clock and never below zero', () => {
    const clock = new FakeClock();
    const deadline = new Deadline({ clock, ms: 100 });
    clock.jump(40);
    expect(deadline.remainingMs()).toBe(60);
    expect(deadline.expired).toBe(false);
    clock.jump(100);
    expect(deadline.remainingMs()).toBe(0);
    expect(deadline.expired).toBe(true);
  });

  it('lets what is nested be shorter, never longer', () => {
    const clock = new FakeClock();
    const outer = new Deadline({ clock, ms: 100 });
    clock.jump(40);
    expect(outer.within(10).remainingMs()).toBe(10);
    expect(outer.within(1_000).remainingMs()).toBe(60);
    expect(outer.within(1_000).atMs).toBe(outer.atMs);
  });

  it('is expired from the beginning when it is made of nothing or less', () => {
    expect(new Deadline({ clock: new FakeClock(), ms: -5 }).expired).toBe(true);
  });

  it('refuses with effect none to begin what could not end in time', async () => {
    const clock = new FakeClock();
    const deadline = new Deadline({ clock, ms: 10 });
    clock.jump(10);
    let ran = false;
    const run = deadline.run('The read', async () => {
      ran = true;
    });
    await expect(run).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'none' });
    expect(ran).toBe(false);
  });

  it('ends the wait with effect unknown even if the work ignores its signal', async () => {
    const clock = new FakeClock();
    const run = new Deadline({ clock, ms: 10 }).run('The write', never);
    const ended = expect(run).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', effect: 'unknown' });
    await clock.advance(10);
    await ended;
  });

  it('aborts the signal of the work at the deadline, and not when the work ended before', async () => {
    const clock = new FakeClock();
    const signals: AbortSignal[] = [];
    await new Deadline({ clock, ms: 10 }).run('The read', async (signal) => signals.push(signal));
    const late = new Deadline({ clock, ms: 20 }).run('The read', (signal) => {
      signals.push(signal);
      return never();
    });
    late.catch(() => undefined);
    await clock.advance(50);
    expect(signals.map((signal) => signal.aborted)).toEqual([false, true]);
  });

  it('hands on why the caller gave up', async () => {
    const caller = new AbortController();
    const deadline = new Deadline({ clock: new FakeClock(), ms: 1_000, signal: caller.signal });
    const run = deadline.within(500).run('The read', never);
    caller.abort(new Error('the client hung up'));
    await expect(run).rejects.toThrow('the client hung up');
    await expect(deadline.run('The read', never)).rejects.toThrow('the client hung up');
  });

  it('leaves nothing behind on the signal of the caller', async () => {
    const caller = new AbortController();
    const deadline = new Deadline({ clock: new FakeClock(), ms: 1_000, signal: caller.signal });
    await Promise.all(Array.from({ length: 20 }, () => deadline.run('The read', async () => 7)));
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  });

  it('passes on the result and the error of the work', async () => {
    const deadline = new Deadline({ clock: new FakeClock(), ms: 10 });
    await expect(deadline.run('The read', async () => 7)).resolves.toBe(7);
    await expect(deadline.run('The read', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
