/** What the simulation says when it finds something: shown on a mutant, because of the code as it stands there is nothing to say. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { drawSchedule, type Schedule, STEPS_DEFAULT } from './schedule.ts';

const GUARD = 'every shard raised before opening';
/** Bundling twice, a few schedules, and the search for a smaller one; much more beside other tests. */
const SIMULATE_MS_MAX = 120_000;

interface Ran {
  readonly code: number;
  readonly stdout: string;
}

function simulate(...args: readonly string[]): Promise<Ran> {
  const command = [fileURLToPath(new URL('run.mjs', import.meta.url)), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, (error, stdout) => resolve({ code: Number(error?.code ?? 0), stdout }));
  });
}

interface Failure {
  readonly seed: number;
  readonly invariant: string;
  readonly replay: string;
  readonly minimal: Schedule;
}

/** The words of a replay command as a shell would pass them on. */
const wordsOf = (replay: string) =>
  (replay.match(/"[^"]*"|\S+/g) ?? [])
    .slice('npm run simulate --'.split(' ').length)
    .map((word) => word.replaceAll('"', ''));

describe('a failing seed', () => {
  it(
    'is told with a smaller schedule that breaks the same, and with the command that runs it again',
    async () => {
      const { code, stdout } = await simulate('--seeds', '6', '--jobs', '1', '--without', GUARD, '--json');
      expect(code).toBe(1);
      const [failure] = (JSON.parse(stdout) as { failures: readonly Failure[] }).failures;
      if (!failure) throw new Error('The mutant broke nothing.');
      const drawn = drawSchedule(failure.seed, { stepsMax: STEPS_DEFAULT });
      const { faults, moves } = failure.minimal;
      expect(faults.length + moves.length).toBeLessThan(drawn.faults.length + drawn.moves.length);
      expect(drawn.faults).toEqual(expect.arrayContaining([...faults]));
      expect(failure.replay).toBe(`npm run simulate -- --seed ${failure.seed} --without "${GUARD}"`);
      const again = await simulate(...wordsOf(failure.replay));
      expect(again.code).toBe(1);
      expect(again.stdout).toContain(`seed ${failure.seed} breaks ${failure.invariant}`);
      expect(again.stdout).toContain(`replay: ${failure.replay}`);
      expect(again.stdout).toContain('smallest schedule:');
    },
    SIMULATE_MS_MAX,
  );

  it(
    'is none without the mutation',
    async () => {
      expect((await simulate('--seeds', '6', '--jobs', '1', '--json')).code).toBe(0);
    },
    SIMULATE_MS_MAX,
  );

  it.each([
    ['--without', 'nonsense'],
    ['--seed', '0'],
    ['--found', 'nothing'],
    ['--sead', '1'],
  ])(
    'is not looked for with %s %s: exit 2',
    async (...args) => {
      expect((await simulate(...args)).code).toBe(2);
    },
    SIMULATE_MS_MAX,
  );
});
