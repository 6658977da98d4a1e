/** `holdfast timeline`: what was asked for, what is shown, and which times are understood. */
import { describe, expect, it } from '@jest/globals';
import { instantOf } from '../../cli/timeline-command.ts';
import { line, NOON_MS } from '../core/timeline/timeline-samples.ts';
import { cli, jsonOf, runningServices } from './fake-cli.ts';

const entries = [
  line({ story: 'rollout 1', phase: 'begins', atMs: NOON_MS - 60_000, what: 'rollout 1 of r2', why: 'new prices' }, [
    'c01',
  ]),
  line({ story: 'alarm c01', kind: 'alarm', phase: 'begins', what: 'c01 in us-east-1: errors' }, ['c01']),
];

function services(windows: unknown[] = []) {
  const desk = {
    read: async (window: unknown) => {
      windows.push(window);
      return { entries, more: false, unreadable: 0 };
    },
    append: async () => undefined,
    close: () => undefined,
  };
  return runningServices({ timeline: async () => desk });
}

describe('holdfast timeline', () => {
  it('shows changes beside alarms, and whom to ask first', async () => {
    const { stdout, exitCode } = await cli('timeline', services());
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/2026-11-28 11:59:00\.000 +release +rollout 1 of r2 +ann +new prices/);
    expect(stdout).toMatch(
      /Ill: c01, since 2026-11-28 12:00:00\.000\. Suspects:\n1\. +0\.\d\d +rollout 1 of r2 +60 s before/,
    );
  });

  it('gives all of it as JSON', async () => {
    const page = jsonOf(await cli('timeline --json', services()));
    expect(page).toMatchObject({
      entries,
      suspicion: { ill: ['c01'], suspects: [{ change: { story: 'rollout 1' } }] },
    });
  });

  it('refuses a time that it does not understand, or that has not come yet', () => {
    expect(() => instantOf('yesterday', NOON_MS)).toThrow(/"yesterday" is no time\. Allowed: 2026/);
    expect(() => instantOf('23:59', NOON_MS)).toThrow(/has not come yet/);
    expect(instantOf('9:05', NOON_MS)).toBe(Date.parse('2026-11-28T09:05:00Z'));
    expect(instantOf('2026-11-28T03:04:05Z', NOON_MS)).toBe(Date.parse('2026-11-28T03:04:05Z'));
  });
});
