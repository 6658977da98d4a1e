import { describe, expect, it } from '@jest/globals';
import {
  cpuMsOf,
  kindOf,
  memoryOf,
  parseSmapsRollup,
  parseStat,
  processTree,
  treeOf,
} from '../../bench/process-usage.ts';

const FIELDS = '4711 4711 0 -1 4194304 1 2 3 4 150 50 9 9 20 0 11 0 123456 1000 200 18446744073709551615';

describe('what processes use', () => {
  it('reads parent and processor time, behind a name with spaces and brackets', () => {
    expect(parseStat(`42 (node) S 7 ${FIELDS}`)).toEqual({ parentPid: 7, cpuMs: 2_000 });
    expect(parseStat(`42 (a ) (b) R) S 7 ${FIELDS}`)).toEqual({ parentPid: 7, cpuMs: 2_000 });
  });

  it('reads resident and proportional memory', () => {
    const rollup =
      '560d7e9be000-7ffc171e2000 ---p 00000000 00:00 0  [rollup]\nRss:   1840 kB\nPss:    167 kB\nPss_Dirty: 9 kB\n';
    expect(parseSmapsRollup(rollup)).toEqual({ rssKb: 1_840, pssKb: 167 });
  });

  it('finds everything that descends from a process, and nothing else', () => {
    const parents = new Map([
      [30, 20],
      [20, 10],
      [21, 10],
      [99, 1],
    ]);
    expect([...treeOf(10, parents)].sort()).toEqual([10, 20, 21, 30]);
  });

  const linux = process.platform === 'linux';
  (linux ? it : it.skip)(`measures this very process${linux ? '' : ' (skipped: no /proc on this system)'}`, () => {
    expect(processTree(process.pid)).toContain(process.pid);
    expect(cpuMsOf([process.pid])).toBeGreaterThan(0);
    const { rssKb, pssKb } = memoryOf([process.pid]);
    expect(pssKb).toBeGreaterThan(1_000);
    expect(rssKb).toBeGreaterThanOrEqual(pssKb);
  });

  it('tells the processes of the platform apart, and a guard from what it guards', () => {
    expect(kindOf('/usr/bin/node --flag /x/dist/local/hosts/cell-host.js')).toBe('cells');
    expect(kindOf('/bin/sh -c … holdfast-guard /usr/bin/node /x/dist/local/hosts/cell-host.js')).toBe('guards');
    expect(kindOf('vi')).toBe('other');
  });

  it('says what to do when a process is gone', () => {
    expect(() => cpuMsOf([0])).toThrow(/\/proc\/0\/stat can't be read.*run them on Linux/s);
  });
});
