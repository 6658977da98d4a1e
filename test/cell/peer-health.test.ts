/** What a process may believe of its peer when it makes calls only now and then: time without calls proves nothing. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { PeerHealth } from '../../cell/replication/peer-health.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { aloneAfterMs, unwitnessedMsMax } from '../../core/lease.ts';

const TTL_MS = 3_000;
let clock: FakeClock;
let health: PeerHealth;

beforeEach(() => {
  clock = new FakeClock();
  health = new PeerHealth({ clock, leaseTtlMs: TTL_MS, unwitnessedMsMax: unwitnessedMsMax(TTL_MS) });
});

const failTwice = () => {
  health.failed();
  health.failed();
};

async function silentFor(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await clock.advance(500);
    health.failed();
  }
}

describe('a peer that does not answer', () => {
  it('is gone once it was asked all the time for longer than a lease', async () => {
    failTwice();
    await silentFor(aloneAfterMs(TTL_MS));
    expect(health.state).toBe('gone');
  });

  it('is only suspect after a time in which nobody asked it, however long', async () => {
    failTwice();
    clock.jump(3_600_000);
    expect(health.state).toBe('suspect');
    health.failed();
    expect(health.state).toBe('suspect');
  });

  it('has to be silent anew for a whole lease after such a time', async () => {
    failTwice();
    clock.jump(3_600_000);
    health.failed();
    await silentFor(aloneAfterMs(TTL_MS) - 500);
    expect(health.state).toBe('suspect');
    await silentFor(500);
    expect(health.state).toBe('gone');
  });

  it('that was gone is suspect again when nobody asks any more', async () => {
    failTwice();
    await silentFor(aloneAfterMs(TTL_MS));
    clock.jump(unwitnessedMsMax(TTL_MS) + 1);
    expect(health.state).toBe('suspect');
  });

  it('is not taken for silent because one call took long', async () => {
    failTwice();
    const sentAtMs = clock.monotonicMs() + 100;
    await clock.advance(2_000);
    health.failed(sentAtMs);
    await silentFor(aloneAfterMs(TTL_MS) - 2_000);
    expect(health.state).toBe('gone');
  });
});

describe('a peer that was declared gone by the lease', () => {
  it('stays so without calls, until it answers', () => {
    health.declareGone({ sinceMs: clock.monotonicMs() });
    clock.jump(3_600_000);
    expect(health.state).toBe('gone');
    health.succeeded();
    expect(health.state).toBe('ok');
  });

  it('is like any other once somebody else has had an answer', () => {
    health.declareGone({ sinceMs: clock.monotonicMs() });
    health.declareBack();
    expect(health.state).toBe('ok');
    failTwice();
    health.declareBack();
    expect(health.state).toBe('suspect');
  });
});
