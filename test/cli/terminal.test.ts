import { describe, expect, it } from '@jest/globals';
import { nearest } from '../../cli/nearest.ts';
import { withProgress } from '../../cli/progress.ts';
import { terminalOn } from '../../cli/terminal.ts';
import { duration, textTable } from '../../cli/text-table.ts';
import { FakeClock } from '../../core/fake-clock.ts';

function terminalAt({ tty }: { tty: boolean }) {
  const written: string[] = [];
  const stream = { isTTY: tty, write: (text: string) => written.push(text) };
  return { written, terminal: terminalOn({ stdout: stream, stderr: stream, env: {} }) };
}

describe('nearest', () => {
  const known = ['region-lost', 'switchover', 'zombie-writer'];

  it.each([
    ['regoin-lost', 'region-lost'],
    ['Region-Lost', 'region-lost'],
    ['switch-over', 'switchover'],
    ['zombie', null],
    ['banana', null],
    ['', null],
    ['x'.repeat(10_000), null],
  ])('%p → %p', (name, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });
});

describe('withProgress', () => {
  it('says nothing about what is done within a second', async () => {
    const { written, terminal } = terminalAt({ tty: false });
    const clock = new FakeClock();
    const work = withProgress({ terminal, clock, label: 'starting' }, () => clock.sleep(900));
    await clock.advance(900);
    await work;
    expect(written).toEqual([]);
  });

  it('writes plain lines where nobody looks: the label after a second, then what changes', async () => {
    const { written, terminal } = terminalAt({ tty: false });
    const clock = new FakeClock();
    const work = withProgress({ terminal, clock, label: 'drill' }, async (progress) => {
      progress.update('drill: starts');
      await clock.sleep(1_500);
      progress.update('drill: cuts');
      progress.update('drill: cuts');
    });
    await clock.advance(1_500);
    await work;
    expect(written).toEqual(['drill: starts …\n', 'drill: cuts …\n']);
  });

  it('turns a spinner on a terminal and leaves a clean line', async () => {
    const { written, terminal } = terminalAt({ tty: true });
    const clock = new FakeClock();
    const work = withProgress({ terminal, clock, label: 'starting' }, () => clock.sleep(250));
    await clock.advance(250);
    await work;
    expect(written.join('')).toContain('starting');
    expect(written.at(-1)).toMatch(/2K$/);
  });

  it('passes on the error of the work, and stops', async () => {
    const { terminal } = terminalAt({ tty: true });
    const work = withProgress({ terminal, clock: new FakeClock(), label: 'x' }, async () =>
      Promise.reject(new Error('no')),
    );
    await expect(work).rejects.toThrow('no');
  });
});

describe('textTable', () => {
  it('aligns columns by what one sees, not by colour codes', () => {
    const red = `${String.fromCharCode(27)}[31mab${String.fromCharCode(27)}[39m`;
    expect(
      textTable(
        [{ title: 'A' }, { title: 'B', align: 'right' }],
        [
          [red, '1'],
          ['abcd', '10'],
        ],
      ),
    ).toBe(`A      B\n${red}     1\nabcd  10`);
  });
});

describe('duration', () => {
  it.each([
    [0, '0 ms'],
    [340, '340 ms'],
    [1_234, '1.2 s'],
    [180_000, '3 min'],
    [7_200_000, '2.0 h'],
    [null, '–'],
  ])('%p ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
