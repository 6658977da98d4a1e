/**
 * The simulation in `npm test`: a thousand seeds on all cores, in processes of their own; every kind of trouble really
 * occurs in them; what was found before; and a seed repeats itself.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { KINDS_OF_TROUBLE } from './coverage.ts';
import { FOUND } from './found-schedules.ts';
import { runSchedule } from './run-schedule.ts';
import { drawSchedule, STEPS_DEFAULT } from './schedule.ts';

const SEEDS = 1_000;
/** Ten seconds on two cores that do nothing else; much more beside other tests. */
const SIMULATE_MS_MAX = 300_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

interface Report {
  readonly seeds: number;
  readonly acknowledged: number;
  readonly failures: readonly { readonly seed: number; readonly invariant: string; readonly message: string }[];
  readonly coverage: Readonly<Record<string, number>>;
}

function simulate(seeds: number): Promise<Report> {
  const command = [fileURLToPath(new URL('run.mjs', import.meta.url)), '--seeds', String(seeds), '--json'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, command, { maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      // Exit 1 means violations, which the report tells; anything else left none.
      if (stdout.startsWith('{')) resolve(JSON.parse(stdout) as Report);
      else reject(new Error(`The simulation left no report: ${error?.message ?? ''} ${stderr}`));
    });
  });
}

describe('the simulation', () => {
  it(
    `finds no violation in ${SEEDS} seeds, in which every kind of trouble occurs`,
    async () => {
      const report = await simulate(SEEDS);
      expect(report.failures).toEqual([]);
      expect(report.seeds).toBe(SEEDS);
      expect(report.acknowledged).toBeGreaterThan(10 * SEEDS);
      expect(KINDS_OF_TROUBLE.filter((kind) => !report.coverage[kind])).toEqual([]);
    },
    SIMULATE_MS_MAX,
  );

  it('runs a seed the same way each time', async () => {
    for (const seed of [1, 7, 42]) {
      const [once, again] = [await traced(seed), await traced(seed)];
      expect(once.events).toBeGreaterThan(100);
      expect([again.hash, again.events]).toEqual([once.hash, once.events]);
    }
  });

  it('tells two seeds apart', async () => {
    const [one, other] = [await traced(1), await traced(2)];
    expect(one.hash).not.toBe(other.hash);
  });
});

const traced = (seed: number) => runSchedule(drawSchedule(seed, { stepsMax: STEPS_DEFAULT }), { tracing: 'hash' });

describe('what the simulation found', () => {
  for (const { name, what, invariant, state, schedule } of FOUND) {
    const still = state === 'open' ? 'still breaks' : 'no longer breaks';
    it(`${still}: ${name} (${what})`, async () => {
      const { violation } = await runSchedule(schedule);
      expect(violation?.invariant ?? null).toBe(state === 'open' ? invariant : null);
    });
  }
});
