/** One process through its lives, with children that the test ends and a clock that the test moves. */
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../core/fake-clock.ts';
import { ManagedProcess, SHUTDOWN_STEP_MS } from '../../local/supervisor/managed-process.ts';
import type { ChildExit, RunningChild } from '../../local/supervisor/running-child.ts';

const POLICY = { firstWaitMs: 100, waitMsMax: 400, quickDeathMs: 10_000, quickDeathsMax: 3 };

class FakeChild implements RunningChild {
  readonly signals: string[] = [];
  readonly pid: number;
  readonly ready: Promise<number>;
  readonly exited: Promise<ChildExit>;
  becomeReady: (port: number) => void = () => undefined;
  exit: (exit: ChildExit) => void = () => undefined;
  #fail: (reason: Error) => void = () => undefined;

  constructor(pid: number) {
    this.pid = pid;
    this.ready = new Promise((resolve, reject) => {
      this.becomeReady = resolve;
      this.#fail = reject;
    });
    this.ready.catch(() => undefined);
    this.exited = new Promise((resolve) => {
      this.exit = resolve;
    });
  }

  die(code = 1): void {
    this.#fail(new Error(`exited with code ${code}`));
    this.exit({ code, signal: null });
  }

  requestShutdown({ drainMs } = { drainMs: 0 }): void {
    this.signals.push(drainMs === 0 ? 'shutdown' : `shutdown ${drainMs}`);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.signals.push(signal);
    if (signal !== 'SIGKILL') return;
    this.#fail(new Error('killed'));
    this.exit({ code: null, signal });
  }
}

function setUp() {
  const clock = new FakeClock();
  const children: FakeChild[] = [];
  const ports: (number | null)[] = [];
  const managed = new ManagedProcess({
    planned: { name: 'p', kind: 'payments' },
    clock,
    policy: POLICY,
    launch: async () => {
      const child = new FakeChild(children.length + 1);
      children.push(child);
      return child;
    },
    onPort: (port) => ports.push(port),
    logTail: () => 'last words',
  });
  const last = () => {
    const child = children.at(-1);
    if (!child) throw new Error('no child was launched');
    return child;
  };
  const startReady = async () => {
    const started = managed.start();
    await clock.advance(0);
    last().becomeReady(5_000);
    await started;
  };
  return { clock, children, ports, managed, last, startReady };
}

describe('a managed process', () => {
  it('is ready when its child says so, and publishes the port', async () => {
    const { managed, ports, startReady } = setUp();
    await startReady();
    expect(managed.view()).toMatchObject({ state: 'ready', pid: 1, port: 5_000, restarts: 0 });
    expect(ports).toEqual([5_000]);
  });

  it('is restarted after a wait that doubles, and given up after too many quick deaths', async () => {
    const { clock, children, managed, last } = setUp();
    const started = managed.start().catch((error: Error) => error.message);
    await clock.advance(0);
    last().die();
    await clock.advance(99);
    expect(children.length).toBe(1);
    await clock.advance(1);
    expect(children.length).toBe(2);
    last().die();
    await clock.advance(199);
    expect(children.length).toBe(2);
    await clock.advance(1);
    last().die();
    await clock.advance(10_000);
    expect(children.length).toBe(3);
    expect(managed.view()).toMatchObject({ state: 'failed', restarts: 2 });
    expect(await started).toMatch(/p died 3 times in a row.*\nIts log ends with:\nlast words/);
  });

  it('starts afresh on request after it was given up', async () => {
    const { clock, managed, last, startReady } = setUp();
    const started = managed.start().catch(() => undefined);
    for (let death = 0; death < 3; death++) {
      await clock.advance(1_000);
      last().die();
    }
    await started;
    await startReady();
    expect(managed.view().state).toBe('ready');
  });

  it('stays down after a crash on request, also while it waited to be restarted', async () => {
    const { clock, children, managed, last, ports, startReady } = setUp();
    await startReady();
    last().die();
    await clock.advance(10);
    await managed.act('crash');
    await clock.advance(10_000);
    expect(children.length).toBe(1);
    expect(managed.view()).toMatchObject({ state: 'crashed', pid: null, port: null });
    expect(ports).toEqual([5_000, null]);
  });

  it('is never two at once: a start right after a crash waits for the exit', async () => {
    const { clock, children, managed, last, startReady } = setUp();
    await startReady();
    last().kill = (signal) => {
      last().signals.push(signal);
    };
    const crashed = managed.act('crash');
    const started = managed.act('start');
    await clock.advance(1_000);
    expect(children.length).toBe(1);
    last().exit({ code: null, signal: 'SIGKILL' });
    await crashed;
    await clock.advance(0);
    expect(children.length).toBe(2);
    last().becomeReady(5_001);
    await started;
    expect(managed.view()).toMatchObject({ state: 'ready', port: 5_001 });
  });

  it('refuses what makes no sense as it stands', async () => {
    const { managed, startReady } = setUp();
    await startReady();
    await managed.act('stop');
    expect(managed.view().state).toBe('stopped');
    await expect(managed.act('start')).rejects.toThrow(/use continue/);
    await managed.act('crash');
    await expect(managed.act('stop')).rejects.toThrow(/only a living process can be stopped/);
  });

  it('runs for its share of each period while it is throttled, and runs when that ends', async () => {
    const { clock, managed, last, startReady } = setUp();
    await startReady();
    managed.throttle(0.75);
    await clock.advance(19);
    expect(last().signals).toEqual(['SIGSTOP']);
    await clock.advance(1);
    expect(last().signals).toEqual(['SIGSTOP', 'SIGCONT']);
    await clock.advance(60);
    expect(managed.view()).toMatchObject({ state: 'ready', runRatio: 0.75 });
    managed.throttle(1);
    await clock.advance(1_000);
    expect(last().signals).toEqual(['SIGSTOP', 'SIGCONT', 'SIGSTOP', 'SIGCONT']);
    expect(managed.view().runRatio).toBeUndefined();
  });

  it('is not continued by its throttle any more once it is stopped, nor throttled after a death', async () => {
    const { clock, managed, last, startReady } = setUp();
    await startReady();
    managed.throttle(0.5);
    await managed.act('stop');
    await clock.advance(1_000);
    expect(last().signals.at(-1)).toBe('SIGSTOP');
    expect(() => managed.throttle(0.5)).toThrow(/it is stopped, and does not run/);
    await managed.act('continue');
    managed.throttle(0.5);
    last().die();
    await clock.advance(100);
    last().becomeReady(5_001);
    await clock.advance(1_000);
    expect(last().signals).toEqual([]);
  });

  it('is asked, then told, then killed at the end', async () => {
    const { clock, managed, last, startReady } = setUp();
    await startReady();
    const ended = managed.end();
    await clock.advance(10_000);
    await ended;
    expect(last().signals).toEqual(['shutdown', 'SIGTERM', 'SIGKILL']);
  });

  it('is killed at once at the end while it is stopped, for it could not hear', async () => {
    const { managed, last, startReady } = setUp();
    await startReady();
    await managed.act('stop');
    await managed.end();
    expect(last().signals).toEqual(['SIGSTOP', 'SIGKILL']);
  });

  it('that must be ready within a time is taken down when it is not, and says what it last said', async () => {
    const { clock, managed, last } = setUp();
    const started = managed.startWithin(5_000).catch((error: Error) => error.message);
    await clock.advance(0);
    last().die();
    await clock.advance(10_000);
    expect(await started).toBe('p was not ready within 5000 ms and was taken down. Last: exited with code 1.');
    expect([managed.view().state, last().signals]).toEqual(['crashed', ['SIGKILL', 'SIGKILL']]);
    const again = managed.startWithin(5_000);
    await clock.advance(0);
    last().becomeReady(1);
    await again;
    expect(managed.view().state).toBe('ready');
  });

  it('is given the time to finish what is under way before it is ended by force', async () => {
    const { clock, managed, last, startReady } = setUp();
    await startReady();
    const ended = managed.end({ drainMs: 3_000 });
    await clock.advance(3_000 + SHUTDOWN_STEP_MS - 1);
    expect(last().signals).toEqual(['shutdown 3000']);
    await clock.advance(1);
    expect(last().signals).toEqual(['shutdown 3000', 'SIGTERM']);
    last().exit({ code: 0, signal: null });
    await ended;
  });
});
