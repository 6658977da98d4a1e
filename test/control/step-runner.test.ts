/** Single steps of a failover, on a fake clock: what a step may rest on when another one did the steps before. */
import { describe, expect, it } from '@jest/globals';
import type { FailoverPorts } from '../../control/failover/failover-ports.ts';
import type { FailoverRecord } from '../../control/failover/failover-record.ts';
import { StepRunner } from '../../control/failover/step-runner.ts';
import { FakeClock } from '../../core/fake-clock.ts';
import { firstGrant, renewed, takeoverWaitMs } from '../../core/lease.ts';
import { LeaseWatch } from '../../core/lease-watch.ts';
import { CELL, EAST, TTL_MS, WEST } from '../doubles/two-regions.ts';

const lease = firstGrant({ cell: CELL, holder: EAST, ttlMs: TTL_MS, ownFence: 0 });
const record = {
  fenced: false,
  decision: { kind: 'failover', cell: CELL, from: EAST, to: WEST, seenEpoch: lease.epoch },
} as FailoverRecord;

function runner() {
  const clock = new FakeClock();
  const watch = new LeaseWatch(clock);
  const released: string[] = [];
  let present = lease;
  const leases: FailoverPorts['leases'] = {
    read: async () => present,
    release: async ({ match }) => {
      released.push(match);
      return true;
    },
  };
  const ports = { leases } as FailoverPorts;
  const steps = new StepRunner({ ports, clock, watchOf: () => watch, newId: () => 'f1' });
  const renew = () => {
    present = renewed(present, { ttlMs: TTL_MS, peerAnswered: false });
  };
  return { clock, watch, steps, released, renew };
}

describe('a release without a fence', () => {
  it('is refused to a coordinator that has not watched the lease itself', async () => {
    const { steps, released } = runner();
    expect((await steps.run(record, 'release')).outcome).toEqual({ step: 'release', result: 'lost' });
    expect(released).toEqual([]);
  });

  it('is refused when the lease was renewed after the wait', async () => {
    const { clock, watch, steps, released, renew } = runner();
    watch.observe(lease);
    await clock.advance(takeoverWaitMs(TTL_MS) + 1);
    renew();
    expect((await steps.run(record, 'release')).outcome).toEqual({ step: 'release', result: 'lost' });
    expect(released).toEqual([]);
  });

  it('goes through when the lease has not moved for the whole wait, and only while it is as it was seen', async () => {
    const { clock, watch, steps, released } = runner();
    watch.observe(lease);
    await clock.advance(takeoverWaitMs(TTL_MS) + 1);
    expect((await steps.run(record, 'release')).outcome).toEqual({ step: 'release', result: 'released' });
    expect(released).toEqual(['exact']);
  });
});
