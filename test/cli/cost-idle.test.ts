/** The estimate of an idle minute against the functions themselves: what they ask of the tables is counted, not believed. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { added, COLD_STARTS, LOG_BYTES_OF_LINE, type TurnUnits, unitsOfTurns } from '../../cli/cost/idle-turns.ts';
import { FUNCTIONS, type IdleFunction, IdleMinutes, SHARDS } from '../doubles/idle-minutes.ts';

const MINUTES = 60;
/** Every minute the router of either region asks. */
const ASKED = 2;
const PARTS = ['owner', 'standby'] as const;
const NONE: TurnUnits = { reads: 0, writes: 0, arbiterReads: 0, arbiterWrites: 0 };
const times = (units: TurnUnits, factor: number): TurnUnits => ({
  reads: units.reads * factor,
  writes: units.writes * factor,
  arbiterReads: units.arbiterReads * factor,
  arbiterWrites: units.arbiterWrites * factor,
});

const idle = new IdleMinutes();
/** A minute of each function: warm calls, and the share of those that begin in a new environment. */
const measured = new Map<string, TurnUnits>();

beforeAll(async () => {
  const schedule = PARTS.flatMap((part) =>
    FUNCTIONS.filter((name) => name !== 'service' || part === 'owner').map((name) => [name, part] as const),
  );
  const callsOf = (name: IdleFunction) => (name === 'service' ? ASKED : 1);
  const used = new Map<string, TurnUnits>();
  const minute = async (counted: boolean) => {
    for (const [name, part] of schedule) {
      for (let call = 0; call < callsOf(name); call++) {
        const units = await idle.call(name, part);
        if (counted) used.set(`${name} ${part}`, added(used.get(`${name} ${part}`) ?? NONE, units));
      }
    }
    await idle.clock.advance(60_000);
  };
  for (let n = 0; n < 3; n++) await minute(false);
  for (let n = 0; n < MINUTES; n++) await minute(true);
  for (const [name, part] of schedule) {
    const warm = times(used.get(`${name} ${part}`) ?? NONE, 1 / MINUTES);
    const cold = await idle.call(name, part, { fresh: true });
    measured.set(`${name} ${part}`, added(times(warm, 1 - COLD_STARTS), times(cold, COLD_STARTS)));
  }
}, 120_000);

const estimated = unitsOfTurns({ shards: SHARDS, asked: ASKED, cadence: { beats: 1, short: false } });
const total = ({ reads, writes, arbiterReads, arbiterWrites }: TurnUnits) => ({
  reads: reads + arbiterReads,
  writes,
  arbiterWrites,
});

describe('what an idle minute asks of the tables', () => {
  it.each(PARTS.flatMap((part) => FUNCTIONS.map((name) => [name, part] as const)))(
    'is no more than the estimate says, and not much less: %s, %s',
    (name, part) => {
      const found = total(measured.get(`${name} ${part}`) ?? NONE);
      const said = total(estimated[part][name]);
      for (const key of ['reads', 'writes', 'arbiterWrites'] as const) {
        expect([key, found[key] <= said[key] + 0.01, found[key] >= 0.6 * said[key]]).toEqual([key, true, true]);
      }
    },
  );

  it('is nothing that a metric would be sent for, and no longer a line than the estimate says', () => {
    expect(idle.lines.length).toBeGreaterThan(MINUTES);
    expect(idle.lines.filter((line) => line.includes('_aws'))).toEqual([]);
    // Lambda puts time, request and level before it, and CloudWatch counts 26 bytes for each event.
    const longest = Math.max(...idle.lines.map((line) => line.length)) + 68 + 26;
    expect(longest).toBeLessThanOrEqual(LOG_BYTES_OF_LINE);
  });
});
